"""A telephone secured by MIKEY, in pjsua2: start two of them, and type call, rekey or hangup.

python phone.py sip:bob@example.com key.psk 5070
python phone.py sip:alice@example.com key.psk 5071
call sip:bob@127.0.0.1:5070 sip:bob@example.com
"""

import select
import sys
from pathlib import Path

import pjsua2 as pj

from mikey_sdp import PskCredential, Secret
from mikey_sdp.errors import MikeySdpError
from mikey_sdp.softphone.pjsua2_native import OPTIONS, MikeyAccount, MikeyCall
from mikey_sdp.system import Endpoint


class Call(MikeyCall):
    def onCallState(self, prm):
        print(self.getInfo().stateText, flush=True)

    def onMikeyEvent(self, event):
        print(event.kind, event.text, flush=True)

    def onCallMediaState(self, prm):
        info = self.getInfo()  # has to live as long as its lines are read
        for line in info.media:
            if line.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                tone.startTransmit(self.getAudioMedia(line.index))


class Account(MikeyAccount):
    def onIncomingCall(self, prm):
        calls[:] = [Call(self, prm.callId)]
        answer = pj.CallOpParam()
        answer.statusCode = 200
        calls[0].answer(answer)  # waits until the offer is judged; what can't be secured gets a 488


def obey(verb, *words):
    if verb == "call":
        calls[:] = [Call(account)]
        calls[0].makeCall(words[0], pj.CallOpParam(True), peer=words[1] if words[1:] else None)
    elif calls:
        calls[0].rekey() if verb == "rekey" else calls[0].hangup(pj.CallOpParam())


calls, (identity, key_file, port) = [], sys.argv[1:]
library = pj.Endpoint()
library.libCreate()
settings, transport, config, sound = pj.EpConfig(), pj.TransportConfig(), pj.AccountConfig(), pj.ToneDesc()
settings.uaConfig.threadCnt, settings.uaConfig.mainThreadOnly, settings.logConfig.level = 0, True, 0
library.libInit(settings)
library.audDevManager().setNullDev()
transport.port, config.idUri = int(port), identity
library.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
library.libStart()
sound.freq1, sound.on_msec, tone = 440, 1000, pj.ToneGenerator()
tone.createToneGenerator()
tone.play(pj.ToneDescVector([sound]), True)
shared = PskCredential("*", Secret(bytes.fromhex(Path(key_file).read_text())))
account = Account(Endpoint(identity, credentials=[shared], options=OPTIONS))
account.create(config)
while True:
    library.libHandleEvents(10)
    if select.select([sys.stdin], [], [], 0)[0]:
        try:
            if not (line := sys.stdin.readline()):
                break
            obey(*line.split() or [""])
        except (MikeySdpError, pj.Error) as fault:
            print(fault, flush=True)
library.hangupAllCalls()
calls.clear()
account.shutdown()
account = tone = None
library.libDestroy()
