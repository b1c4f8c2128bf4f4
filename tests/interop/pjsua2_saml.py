"""A DHSAML call between two pjsua2 accounts of one process, with its second round; each line tells what an end has."""

from __future__ import annotations

import gc
import time
from typing import Any

from mikey_sdp.clock import NtpTime
from mikey_sdp.endpoint import Endpoint, Options
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo
from mikey_sdp.mikey.modes.saml_choices import SamlChoices
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.softphone.pjsua2_events import MikeyEvent
from mikey_sdp.softphone.pjsua2_native import MikeyAccount, MikeyCall, pj
from tests.exchange.asserted import asserted
from tests.exchange.ends import NOW_US

IDENTITIES = ("sip:alice@example.com", "sip:bob@example.com")
CALL_S = 2.0


class Call(MikeyCall):
    def onMikeyEvent(self, event: MikeyEvent) -> None:
        live = event.keys is not None and event.keys.live
        print(f"{event.kind} {'live' if live else ''} {event.text}", flush=True)

    def onCallState(self, prm: Any) -> None:
        text = prm.e.body.tsxState.src.tdata.wholeMsg if prm.e.type == pj.PJSIP_EVENT_TSX_STATE else ""
        if text.startswith("INVITE"):
            print(f"sent {len(text)}", flush=True)


class Account(MikeyAccount):
    def onIncomingCall(self, prm: Any) -> None:
        answer = pj.CallOpParam()
        answer.statusCode = 200
        Call(self, prm.callId).answer(answer)


def endpoint(identity: str) -> Endpoint:
    group = DhGroup.ECP_P_256
    saml = SamlChoices(round_2=RoundTwo.LIVENESS)
    return Endpoint(
        identity,
        credentials=[asserted(identity, group)],
        clock=lambda: NtpTime.from_unix_us(NOW_US),
        entropy=SeededEntropy(identity.encode()),
        modes=[Mode.DHSAML],
        options=Options(mki_octets=0, choices=Choices(dh_group=group, saml=saml)),
    )


def run() -> None:
    library = pj.Endpoint()
    library.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
    config.logConfig.level = config.logConfig.consoleLevel = 0
    library.libInit(config)
    library.audDevManager().setNullDev()
    where = pj.TransportConfig()
    where.boundAddress = "127.0.0.1"
    place = library.transportGetInfo(library.transportCreate(pj.PJSIP_TRANSPORT_UDP, where)).localName
    library.libStart()
    for codec in library.codecEnum2():
        library.codecSetPriority(codec.codecId, 255 if codec.codecId.startswith("PCMU") else 0)
    accounts = []
    for identity in IDENTITIES:
        account, settings = Account(endpoint(identity)), pj.AccountConfig()
        settings.idUri = identity
        account.create(settings)
        accounts.append(account)
    Call(accounts[0]).makeCall(f"sip:bob@{place}", pj.CallOpParam(True), peer=IDENTITIES[1])
    until = time.monotonic() + CALL_S
    while time.monotonic() < until:
        library.libHandleEvents(10)
    library.hangupAllCalls()
    library.libHandleEvents(100)
    for account in accounts:
        account.calls.clear()
        account.shutdown()
    accounts.clear()
    del account
    gc.collect()
    library.libHandleEvents(100)
    library.libDestroy(pj.PJSUA_DESTROY_NO_RX_MSG)


if __name__ == "__main__":
    run()
