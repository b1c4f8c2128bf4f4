"""A telephone secured by MIKEY: `python pjsua2_secure.py sip:bob@192.0.2.2` calls, without an argument it waits."""

import os
import sys
from pathlib import Path

import pjsua2 as pj

from mikey_sdp import Endpoint, PskCredential, Secret
from mikey_sdp.softphone.pjsua2_native import OPTIONS, MikeyAccount, MikeyCall

SECONDS = int(os.environ.get("SECONDS", "20"))


class Call(MikeyCall):
    def onCallState(self, prm):
        print(self.getInfo().stateText, flush=True)

    def onMikeyEvent(self, event):
        print(event.text, flush=True)

    def onCallMediaState(self, prm):
        info = self.getInfo()
        for line in info.media:
            if line.type == pj.PJMEDIA_TYPE_AUDIO and line.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                audio = self.getAudioMedia(line.index)
                devices.getCaptureDevMedia().startTransmit(audio)
                audio.startTransmit(devices.getPlaybackDevMedia())


class Account(MikeyAccount):
    def onIncomingCall(self, prm):
        calls.append(Call(self, prm.callId))
        answer = pj.CallOpParam()
        answer.statusCode = 200
        calls[-1].answer(answer)


calls = []
endpoint = pj.Endpoint()
endpoint.libCreate()
settings = pj.EpConfig()
settings.uaConfig.threadCnt, settings.uaConfig.mainThreadOnly = 0, True
settings.logConfig.level = settings.logConfig.consoleLevel = 0
endpoint.libInit(settings)
devices = endpoint.audDevManager()
if os.environ.get("NO_SOUND"):
    devices.setNullDev()
transport = pj.TransportConfig()
transport.port = int(os.environ.get("PORT", "5060"))
endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
endpoint.libStart()

config = pj.AccountConfig()
config.idUri = os.environ["IDENTITY"]
key = PskCredential(os.environ["PEER"], Secret(bytes.fromhex(Path(os.environ["KEY_FILE"]).read_text())))
account = Account(Endpoint(config.idUri, credentials=[key], options=OPTIONS))
account.create(config)
if len(sys.argv) > 1:
    calls.append(Call(account))
    calls[0].makeCall(sys.argv[1], pj.CallOpParam(True), peer=os.environ["PEER"])
for _ in range(100 * SECONDS):
    endpoint.libHandleEvents(10)
endpoint.hangupAllCalls()
calls.clear()
account.shutdown()
del account
endpoint.libDestroy()
