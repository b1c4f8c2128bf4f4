"""A telephone in pjsua2: `python pjsua2_plain.py sip:bob@192.0.2.2` calls, without an argument it waits."""

import os
import sys

import pjsua2 as pj

SECONDS = int(os.environ.get("SECONDS", "20"))


class Call(pj.Call):
    def onCallState(self, prm):
        print(self.getInfo().stateText, flush=True)

    def onCallMediaState(self, prm):
        info = self.getInfo()
        for line in info.media:
            if line.type == pj.PJMEDIA_TYPE_AUDIO and line.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                audio = self.getAudioMedia(line.index)
                devices.getCaptureDevMedia().startTransmit(audio)
                audio.startTransmit(devices.getPlaybackDevMedia())


class Account(pj.Account):
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
account = Account()
account.create(config)
if len(sys.argv) > 1:
    calls.append(Call(account))
    calls[0].makeCall(sys.argv[1], pj.CallOpParam(True))
for _ in range(100 * SECONDS):
    endpoint.libHandleEvents(10)
endpoint.hangupAllCalls()
calls.clear()
account.shutdown()
del account
endpoint.libDestroy()
