"""The situations of RFC 5197 sections 5.2 and 5.3 as runs: forks, retargeted and redirected calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from mikey_sdp.endpoint.wishes import Expectations, Recipient
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.nodes.config import Answering, Contact, Keeps, Streams
from mikey_sdp.nodes.proxy_config import Destination, Forking, Service
from mikey_sdp.scenario.matrix_cast import CAROL, ROLES, Actor, Role, address, cast
from mikey_sdp.scenario.matrix_judge import judge
from mikey_sdp.scenario.matrix_outcome import Outcome, merged
from mikey_sdp.scenario.matrix_scene import MS, PACKETS, Scene, Server, answers_after, carrier_of, destination
from mikey_sdp.scenario.mode_cases import BOB, ModeCase
from mikey_sdp.scenario.modes import CREDENTIALS

_PROXY: Final = 100
_SECOND: Final = 101
_SSRC: Final = 0x0B0B0B0B
_APART: Final[Mapping[str, Role]] = {name: ROLES[name] for name in ("desk", "mobile")}
_SEVERAL: Final = {"several_messages": True}
_RINGS: Final = Answering(ringing_after_us=50 * MS, decide_after_us=None)


def _cast(case: ModeCase, *names: str, **changed: Role) -> dict[str, Actor]:
    return cast(case, {**{name: ROLES[name] for name in ("alice", *names)}, **changed})


# Forking (section 5.2)


def _fork(
    case: ModeCase,
    name: str,
    actors: Mapping[str, Actor],
    answering: Mapping[str, Answering],
    *,
    answers: tuple[str, ...],
    **more: Any,
) -> Outcome:
    places = tuple(destination(case, device, ROLES[device].host) for device in ("desk", "mobile"))
    proxy = Server(name="proxy", host=_PROXY, services={BOB: Service(destinations=places, forking=Forking.PARALLEL)})
    scene = Scene(
        name=name,
        case=case,
        actors=actors,
        servers=(proxy,),
        ways={"bob": "proxy"},
        answers=answers,
        answering=answering,
        expects=Expectations(forking=True, answers=2),
        **more,
    )
    return judge(scene.play())


def forked(
    case: ModeCase, name: str, devices: Mapping[str, Role], contacts: Mapping[str, Contact] | None = None
) -> Outcome:
    """Two devices ring, and each of them answers in a run of its own; `contacts` is how the caller calls them, where
    that is not as usual."""
    more: dict[str, Any] = {"contacts": contacts, "options": _SEVERAL} if contacts else {}
    return merged(
        name,
        (
            _fork(
                case,
                f"{name}/{winner} answers",
                _cast(case, **devices),
                {winner: answers_after(500), loser: _RINGS},
                answers=(winner,),
                **more,
            )
            for winner, loser in (("desk", "mobile"), ("mobile", "desk"))
        ),
    )


def two_devices(case: ModeCase, name: str) -> Outcome:
    """The devices share the user's pre-shared key; of certified keys and assertions each has its own."""
    return forked(case, name, _devices(case))


def nothing_shared(case: ModeCase, name: str) -> Outcome:
    """Each device has what it has for itself."""
    return forked(case, name, _APART)


def private_key_shared(case: ModeCase, name: str) -> Outcome:
    """Both devices have one certificate and its private key."""
    return forked(case, name, {**_APART, "mobile": replace(ROLES["mobile"], key_of="desk")})


def message_per_device(case: ModeCase, name: str) -> Outcome:
    """Each device has a certificate of its own, and the offer a message for each of them."""
    actors = _cast(case, "desk", "mobile")
    held = [one for name in ("desk", "mobile") for one in actors[name].credentials]
    certified = [one for one in held if isinstance(one, CertificateCredential)]
    recipients = tuple(Recipient(peer=BOB, certificate=one.certificates[0]) for one in certified)
    contacts = {"bob": _with_messages_for(case, recipients)}
    return forked(case, name, _APART, contacts)


def both_answer(case: ModeCase, name: str, **more: Any) -> Outcome:
    """Both devices answer at once, and the caller keeps both."""
    return _fork(
        case,
        name,
        _cast(case, **_devices(case)),
        {"desk": answers_after(500), "mobile": answers_after(505)},
        answers=("desk", "mobile"),
        caller={"keeps": Keeps.ALL},
        **more,
    )


def prefilled_ssrc(case: ModeCase, name: str) -> Outcome:
    """The same, and the caller filled in which SSRC whoever answers is to use: so both do."""
    streams = Streams(packets=PACKETS, first_sequence=1)
    return both_answer(case, name, phones={"streams": streams}, options={"responder_ssrc": _SSRC})


def one_answers_early(case: ModeCase, name: str) -> Outcome:
    """One device brings its answer in a provisional response, the other one takes the call."""
    return _fork(
        case,
        name,
        _cast(case, **_devices(case)),
        {
            "desk": Answering(ringing_after_us=None, early_media_after_us=50 * MS, decide_after_us=None, reliable=True),
            "mobile": answers_after(500),
        },
        answers=("mobile",),
    )


def _devices(case: ModeCase) -> dict[str, Role]:
    shares = CREDENTIALS[case.word] == "psk"
    mobile = replace(ROLES["mobile"], key_of="desk") if shares else ROLES["mobile"]
    return {"desk": ROLES["desk"], "mobile": mobile}


def _with_messages_for(case: ModeCase, recipients: tuple[Recipient, ...]) -> Contact:
    """Bob behind the proxy, in calls whose offers have a message for each of these. (RFC 5197 section 5.2)"""
    return Contact(uri=BOB, address=address(_PROXY), transport=carrier_of(case), recipients=recipients)


# Retarget and redirect (section 5.3)


def _retarget(case: ModeCase, name: str, carol: Role, *, bob: Role = ROLES["bob"], **more: Any) -> Outcome:
    settings: dict[str, Any] = {
        "caller": {"names_peer": False, "accepts_retarget": True},
        "options": {"require_idr": False},
        "servers": (Server(name="proxy", host=_PROXY, services=_rewritten(case)),),
        "expects": Expectations(retargeting=True),
    }
    scene = Scene(
        name=name,
        case=case,
        actors=_cast(case, bob=bob, carol=carol),
        ways={"bob": "proxy"},
        answers=("carol",),
        answering={"carol": answers_after(300)},
        **{**settings, **more},
    )
    return judge(scene.play())


def _rewritten(case: ModeCase) -> Mapping[str, Service]:
    carol = destination(case, "carol", ROLES["carol"].host)
    return {BOB: Service(retarget=CAROL), CAROL: Service(destinations=(carol,))}


def retargeted(case: ModeCase, name: str) -> Outcome:
    """A proxy rewrites the request to another user, who has credentials of her own; the offer names nobody."""
    return _retarget(case, name, _STRANGER)


def strict_identity(case: ModeCase, name: str) -> Outcome:
    """The same, but the offer says whom it is for, and the caller takes no answer of anybody else."""
    return _retarget(case, name, _STRANGER, caller={}, options={}, expects=Expectations())


def psk_shared_with_target(case: ModeCase, name: str) -> Outcome:
    """The new target holds the key that the caller shares with the one called: that of a group."""
    return _retarget(case, name, replace(_STRANGER, psk_of="bob"), bob=replace(ROLES["bob"], in_group=True))


def message_per_user(case: ModeCase, name: str) -> Outcome:
    """The caller knows whom the call may be sent on to, has something for her too, and the offer a message for each."""
    mode = None if case.free_choice else case.mode
    recipients = tuple(Recipient(peer=user, mode=mode) for user in (BOB, CAROL))
    contacts = {"bob": _with_messages_for(case, recipients)}
    return _retarget(case, name, ROLES["carol"], contacts=contacts, options={"require_idr": False, **_SEVERAL})


def proxy_recursion(case: ModeCase, name: str) -> Outcome:
    """The proxy follows a 302 of the place first tried."""
    services = {BOB: Service(destinations=(destination(case, "bob", _SECOND),), follow_redirects=True)}
    moved = {BOB: Service(destinations=(destination(case, "carol", ROLES["carol"].host),))}
    servers = (
        Server(name="proxy", host=_PROXY, services=services),
        Server(name="redirect", host=_SECOND, services=moved, redirects=True),
    )
    return _retarget(case, name, _STRANGER, servers=servers)


def _redirect(case: ModeCase, name: str, carol: Role) -> Outcome:
    moved = {BOB: Service(destinations=(Destination(uri=CAROL),))}
    scene = Scene(
        name=name,
        case=case,
        actors=_cast(case, "bob", carol=carol),
        servers=(Server(name="redirect", host=_SECOND, services=moved, redirects=True),),
        ways={"bob": "redirect", "carol": "carol"},
        answers=("carol",),
        answering={"carol": answers_after(300)},
        caller={"follows_redirects": True},
    )
    return judge(scene.play())


def redirected(case: ModeCase, name: str) -> Outcome:
    """The caller is told to try another user, with whom only an authority is shared."""
    return _redirect(case, name, _STRANGER)


def target_at_hand(case: ModeCase, name: str) -> Outcome:
    """The same, and the caller has a key in common with that user, or her certificate."""
    return _redirect(case, name, ROLES["carol"])


def chosen_again(case: ModeCase, name: str) -> Outcome:
    """The same, but everybody has a certificate too, and the policy chooses for each target what is at hand for it."""
    return _redirect(replace(case, free_choice=True), name, _STRANGER)


_STRANGER: Final = replace(ROLES["carol"], known=False)
