from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError, PeerError, UsageError
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.srtp.refusal import MAX_PROTECTED_OCTETS, PacketRefused, RefusalKind
from mikey_sdp.srtp.session import SrtpReceiver, SrtpSender, SrtpSession
from tests.unit.srtp.given import CM_32, CM_80, GCM_128, SSRC, rtcp, rtp, sa

OTHER = 0x0DDBA11
ALL = [sa(parameters=parameters, mki=mki) for parameters in (CM_80, CM_32, GCM_128) for mki in (b"", b"\x01\x02")]


def kind(receiver: SrtpReceiver, srtp: bytes, *, of_rtcp: bool = False) -> RefusalKind:
    """Why the receiver drops the packet; that it drops one is part of the claim."""
    with pytest.raises(PacketRefused) as caught:
        receiver.unprotect_rtcp(srtp) if of_rtcp else receiver.unprotect(srtp)
    assert isinstance(caught.value, PeerError)
    assert caught.value.mikey_error is None
    return caught.value.kind


def flipped(octets: bytes, place: int) -> bytes:
    return octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :]


@pytest.mark.parametrize("given", ALL)
def test_every_octet_but_the_mki_is_authenticated(given) -> None:
    srtp = SrtpSender([given]).protect(rtp(1))
    tag = given.parameters.tag_octets
    mki = range(len(srtp) - tag - len(given.mki), len(srtp) - tag)
    for place in range(len(srtp)):
        receiver = SrtpReceiver([given])
        if place == 0:
            with pytest.raises((DecodeError, PacketRefused)):
                receiver.unprotect(flipped(srtp, place))
            continue
        told = kind(receiver, flipped(srtp, place))
        if place in mki:
            assert told == RefusalKind.UNKNOWN_MKI
        elif 8 <= place < 12:
            assert told == RefusalKind.FOREIGN_SSRC
        else:
            assert told == RefusalKind.AUTHENTICATION
        assert receiver.unprotect(srtp) == rtp(1)


@pytest.mark.parametrize("given", ALL)
def test_every_octet_of_srtcp_but_the_mki_is_authenticated(given) -> None:
    srtcp = SrtpSender([given]).protect_rtcp(rtcp())
    for place in range(8, len(srtcp)):
        receiver = SrtpReceiver([given])
        told = kind(receiver, flipped(srtcp, place), of_rtcp=True)
        assert told in (RefusalKind.AUTHENTICATION, RefusalKind.UNKNOWN_MKI, RefusalKind.UNENCRYPTED)
        assert receiver.unprotect_rtcp(srtcp) == rtcp()


@pytest.mark.parametrize("given", ALL)
@pytest.mark.parametrize("bound", [False, True])
def test_every_prefix_is_refused_and_nothing_but_our_errors_comes_out(given, bound) -> None:
    sender, receiver = SrtpSender([given]), SrtpReceiver([given])
    if bound:
        receiver.unprotect(sender.protect(rtp(0)))
    srtp, srtcp = sender.protect(rtp(1)), sender.protect_rtcp(rtcp())
    for octets in range(len(srtp)):
        with pytest.raises((DecodeError, PacketRefused)):
            receiver.unprotect(srtp[:octets])
    for octets in range(len(srtcp)):
        with pytest.raises((DecodeError, PacketRefused)):
            receiver.unprotect_rtcp(srtcp[:octets])
    assert kind(receiver, srtp[:14]) in (RefusalKind.TOO_SHORT, RefusalKind.UNKNOWN_MKI, RefusalKind.AUTHENTICATION)
    assert receiver.unprotect(srtp) == rtp(1)
    assert receiver.unprotect_rtcp(srtcp) == rtcp()


def test_replayed_and_outdated_packets_are_refused() -> None:
    sender, receiver = SrtpSender([sa()]), SrtpReceiver([sa()])
    packets = [sender.protect(rtp(sequence)) for sequence in range(300)]
    control = sender.protect_rtcp(rtcp())
    assert receiver.unprotect(packets[250]) == rtp(250)
    assert receiver.unprotect(packets[200]) == rtp(200)  # late, inside the window of at least 64
    assert kind(receiver, packets[200]) == RefusalKind.REPLAY
    assert kind(receiver, packets[250]) == RefusalKind.REPLAY
    assert kind(receiver, packets[3]) == RefusalKind.REPLAY
    receiver.unprotect_rtcp(control)
    assert kind(receiver, control, of_rtcp=True) == RefusalKind.REPLAY


def test_packets_that_are_too_long_are_refused() -> None:
    receiver = SrtpReceiver([sa()])
    assert kind(receiver, rtp(1, octets=MAX_PROTECTED_OCTETS)) == RefusalKind.TOO_LONG
    assert kind(receiver, rtcp(words=400), of_rtcp=True) == RefusalKind.TOO_LONG


def test_an_unencrypted_srtcp_packet_is_refused_where_encryption_was_agreed() -> None:
    srtcp = SrtpSender([sa()]).protect_rtcp(rtcp())
    assert kind(SrtpReceiver([sa()]), flipped(srtcp, len(srtcp) - 14), of_rtcp=True) == RefusalKind.AUTHENTICATION
    clear = srtcp[:-14] + bytes([srtcp[-14] & 0x7F]) + srtcp[-13:]
    assert kind(SrtpReceiver([sa()]), clear, of_rtcp=True) == RefusalKind.UNENCRYPTED


class TestBindingTheSsrc:
    def test_a_forged_packet_binds_nothing(self) -> None:
        receiver = SrtpReceiver([sa(ssrc=0)])
        forged = SrtpSender([sa(1, ssrc=0)]).protect(rtp(1, ssrc=OTHER))
        assert kind(receiver, forged) == RefusalKind.AUTHENTICATION
        assert receiver.ssrcs == ()
        assert receiver.unprotect(SrtpSender([sa()]).protect(rtp(1))) == rtp(1)
        assert receiver.ssrcs == (SSRC,)

    @pytest.mark.parametrize("by_rtcp", [False, True])
    def test_the_first_packet_that_authenticates_binds_and_others_are_refused(self, by_rtcp) -> None:
        receiver, other = SrtpReceiver([sa(ssrc=0)]), SrtpSender([sa(ssrc=0)])
        mine = SrtpSender([sa()])
        receiver.unprotect_rtcp(mine.protect_rtcp(rtcp())) if by_rtcp else receiver.unprotect(mine.protect(rtp(1)))
        assert receiver.ssrcs == (SSRC,)
        assert kind(receiver, other.protect(rtp(1, ssrc=OTHER))) == RefusalKind.FOREIGN_SSRC
        assert kind(receiver, other.protect_rtcp(rtcp(OTHER)), of_rtcp=True) == RefusalKind.FOREIGN_SSRC
        assert receiver.unprotect(mine.protect(rtp(2))) == rtp(2)

    @pytest.mark.requirement("3830-6.1.1-3")
    def test_a_named_ssrc_is_the_only_one_from_the_start(self) -> None:
        receiver = SrtpReceiver([sa(ssrc=SSRC)])
        assert receiver.ssrcs == (SSRC,)
        stray = SrtpSender([sa(ssrc=0)]).protect(rtp(1, ssrc=OTHER))
        assert kind(receiver, stray) == RefusalKind.FOREIGN_SSRC

    def test_more_ssrcs_are_let_through_when_told_so_each_with_a_replay_list_of_its_own(self) -> None:
        receiver = SrtpReceiver([sa(ssrc=0)], max_ssrcs=2)
        senders = {ssrc: SrtpSender([sa(ssrc=0)]) for ssrc in (1, 2, 3)}
        for ssrc in (1, 2):
            srtp = senders[ssrc].protect(rtp(7, ssrc=ssrc))
            assert receiver.unprotect(srtp) == rtp(7, ssrc=ssrc)
            assert kind(receiver, srtp) == RefusalKind.REPLAY
        assert kind(receiver, senders[3].protect(rtp(7, ssrc=3))) == RefusalKind.FOREIGN_SSRC
        assert receiver.ssrcs == (1, 2)
        with pytest.raises(UsageError):
            SrtpReceiver([sa()], max_ssrcs=0)


class TestSeveralKeys:
    @pytest.mark.requirement("3830-4.4-4")
    def test_the_mki_of_the_packet_chooses_the_key(self) -> None:
        sas = [sa(1, mki=b"\x01"), sa(2, mki=b"\x02")]
        sender, receiver = SrtpSender(sas), SrtpReceiver(sas)
        for sequence, mki in enumerate((b"\x02", b"\x01", b"\x01", b"\x02")):
            sender.use(mki)
            srtp, srtcp = sender.protect(rtp(sequence)), sender.protect_rtcp(rtcp())
            assert srtp[-11:-10] == srtcp[-11:-10] == mki
            assert receiver.unprotect(srtp) == rtp(sequence)
            assert receiver.unprotect_rtcp(srtcp) == rtcp()

    @pytest.mark.parametrize("bound", [False, True])
    def test_an_unknown_mki_is_refused_and_a_wrong_one_does_not_authenticate(self, bound) -> None:
        sas = [sa(1, mki=b"\x01"), sa(2, mki=b"\x02")]
        sender, receiver = SrtpSender(sas), SrtpReceiver(sas)
        if bound:
            receiver.unprotect(sender.protect(rtp(0)))
        srtp, srtcp = sender.protect(rtp(1)), sender.protect_rtcp(rtcp())
        named = [srtp[:-11] + mki + srtp[-10:] for mki in (b"\x03", b"\x01")]
        assert [kind(receiver, one) for one in named] == [RefusalKind.UNKNOWN_MKI, RefusalKind.AUTHENTICATION]
        named = [srtcp[:-11] + mki + srtcp[-10:] for mki in (b"\x03", b"\x01")]
        assert [kind(receiver, one, of_rtcp=True) for one in named] == [
            RefusalKind.UNKNOWN_MKI,
            RefusalKind.AUTHENTICATION,
        ]

    def test_a_key_that_rested_is_brought_up_to_the_stream(self) -> None:
        sas = [sa(1, mki=b"\x01"), sa(2, mki=b"\x02")]
        sender, receiver = SrtpSender(sas), SrtpReceiver(sas)
        for sequence in range(0, 4 << 16, 0x5000):
            sender.use(b"\x01" if (sequence >> 16) % 2 else b"\x02")
            assert receiver.unprotect(sender.protect(rtp(sequence))) == rtp(sequence)
        assert receiver.roc == 3

    @pytest.mark.requirement("3830-A.1-1")
    def test_the_packet_index_chooses_among_keys_with_intervals_ends_included(self) -> None:
        sas = [sa(1, interval=(10, 0xFFFF)), sa(2, interval=(0x10000, 0x10010))]
        receiver = SrtpReceiver(sas)
        keys = {number: SrtpSender([sa(number)]) for number in (1, 2)}
        outside = SrtpSender([sa(1)]).protect(rtp(9))
        assert kind(receiver, outside) == RefusalKind.NO_KEY
        for number, sequence in ((1, 10), (1, 0x5000), (1, 0xA000), (1, 0xFFFF)):
            assert receiver.unprotect(keys[number].protect(rtp(sequence))) == rtp(sequence)
        wrong = keys[1].protect(rtp(0x10000))
        assert kind(receiver, wrong) == RefusalKind.AUTHENTICATION
        sender = SrtpSender(sas)
        for sequence in (0x5000, 0xA000, 0xF000):
            sender.protect(rtp(sequence))
        for sequence in (0x10000, 0x10010):
            assert receiver.unprotect(sender.protect(rtp(sequence))) == rtp(sequence)
        for sequence in (0x5000, 0xA000, 0xF000, 0x10000):
            stray = keys[2].protect(rtp(sequence)) if sequence < 0x10000 else keys[2].protect(rtp(0x10011))
        assert kind(receiver, stray) == RefusalKind.NO_KEY

    def test_srtcp_goes_by_the_last_srtp_index_and_may_overtake_the_switch(self) -> None:
        sas = [sa(1, interval=(0, 4)), sa(2, interval=(5, 9)), sa(3, interval=(10, 99))]
        sender, receiver = SrtpSender(sas), SrtpReceiver(sas)
        receiver.unprotect(sender.protect(rtp(4)))
        before = sender.protect_rtcp(rtcp())
        after = sender.protect(rtp(5)), sender.protect_rtcp(rtcp())
        assert receiver.unprotect_rtcp(after[1]) == rtcp()  # key 2, while SRTP stands at key 1
        receiver.unprotect(after[0])
        assert receiver.unprotect_rtcp(before) == rtcp()  # key 1, while SRTP stands at key 2
        third = SrtpSender([sa(3)]).protect_rtcp(rtcp())
        assert receiver.unprotect_rtcp(third) == rtcp()
        stranger = SrtpSender([sa(4)])
        for _ in range(9):
            strange = stranger.protect_rtcp(rtcp())
        assert kind(receiver, strange, of_rtcp=True) == RefusalKind.AUTHENTICATION


class TestRekeying:
    @pytest.mark.parametrize("mki", [b"", b"\x01"])
    def test_packets_under_the_old_key_are_read_until_it_is_forgotten(self, mki) -> None:
        old, new = sa(0, mki=mki), sa(1, mki=mki)
        receiver, before, after = SrtpReceiver([old]), SrtpSender([old]), SrtpSender([new])
        receiver.unprotect(before.protect(rtp(1)))
        late = [before.protect(rtp(sequence)) for sequence in (2, 3)]
        late_rtcp = before.protect_rtcp(rtcp())
        receiver.replace([new])
        assert receiver.holds_old
        assert receiver.unprotect(after.protect(rtp(4))) == rtp(4)
        assert receiver.unprotect(late[0]) == rtp(2)
        assert receiver.unprotect_rtcp(late_rtcp) == rtcp()
        assert kind(receiver, late[0]) == RefusalKind.REPLAY
        receiver.forget_old()
        assert not receiver.holds_old
        assert kind(receiver, late[1]) == RefusalKind.AUTHENTICATION
        assert receiver.unprotect(after.protect(rtp(5))) == rtp(5)

    @pytest.mark.parametrize("mkis", [(b"", b""), (b"\x01", b"\x01"), (b"\x01", b"\x02")])
    def test_a_long_overlap_leaves_neither_key_behind(self, mkis) -> None:
        """The peer tries the new key once and stays with the old one for more than half a round."""
        old, new = sa(0, mki=mkis[0]), sa(1, mki=mkis[1])
        receiver, before = SrtpReceiver([old]), SrtpSender([old])
        receiver.unprotect(before.protect(rtp(0x9000)))
        receiver.replace([new])
        after = SrtpSender([old])
        after.protect(rtp(0x9000))
        after.replace([new])
        receiver.unprotect(after.protect(rtp(0x9001)))
        for sequence in range(0xA000, 0x30000, 0x4000):
            assert receiver.unprotect(before.protect(rtp(sequence))) == rtp(sequence)
            after.protect(rtp(sequence))
        assert receiver.unprotect(after.protect(rtp(0x30000))) == rtp(0x30000)
        assert receiver.unprotect(after.protect(rtp(0x30001))) == rtp(0x30001)

    def test_the_old_key_can_go_at_once(self) -> None:
        receiver, before = SrtpReceiver([sa(0)]), SrtpSender([sa(0)])
        receiver.unprotect(before.protect(rtp(1)))
        receiver.replace([sa(1)], keep_old=False)
        assert kind(receiver, before.protect(rtp(2))) == RefusalKind.AUTHENTICATION
        assert receiver.unprotect(SrtpSender([sa(1)]).protect(rtp(2))) == rtp(2)

    def test_only_one_old_generation_is_held(self) -> None:
        receiver, senders = SrtpReceiver([sa(0)]), [SrtpSender([sa(number)]) for number in range(3)]
        receiver.unprotect(senders[0].protect(rtp(1)))
        receiver.replace([sa(1)])
        receiver.replace([sa(2)])
        assert kind(receiver, senders[0].protect(rtp(2))) == RefusalKind.AUTHENTICATION
        assert receiver.unprotect(senders[1].protect(rtp(2))) == rtp(2)
        assert receiver.unprotect(senders[2].protect(rtp(3))) == rtp(3)

    @pytest.mark.parametrize("keep_old", [False, True])
    @pytest.mark.parametrize("names", [(b"", b""), (b"\x01", b"\x02"), (b"", b"\x02\x02"), (b"\x01", b"")])
    def test_rollover_counters_of_both_ends_run_on(self, keep_old, names) -> None:
        sas = [sa(number, mki=mki) for number, mki in enumerate(names)]
        sender, receiver = SrtpSender(sas[:1]), SrtpReceiver(sas[:1])
        for sequence in range(0, 0x2FFFF, 0x5000):
            receiver.unprotect(sender.protect(rtp(sequence)))
        receiver.replace(sas[1:], keep_old=keep_old)
        sender.replace(sas[1:])
        for sequence in (0x2E000, 0x2FFFF, 0x30000, 0x36000):
            assert receiver.unprotect(sender.protect(rtp(sequence))) == rtp(sequence)
        assert receiver.unprotect_rtcp(sender.protect_rtcp(rtcp())) == rtcp()
        assert receiver.roc == sender.roc == 3
        receiver.forget_old()
        assert receiver.unprotect(sender.protect(rtp(0x36001))) == rtp(0x36001)

    def test_a_key_that_is_given_again_keeps_its_replay_list(self) -> None:
        sender, receiver = SrtpSender([sa(0)]), SrtpReceiver([sa(0)])
        srtp = sender.protect(rtp(1))
        receiver.unprotect(srtp)
        for keep_old in (True, False):
            receiver.replace([sa(0)], keep_old=keep_old)
            assert kind(receiver, srtp) == RefusalKind.REPLAY
        assert receiver.unprotect(sender.protect(rtp(2))) == rtp(2)

    def test_a_rekey_may_bring_another_ssrc_and_the_old_one_goes_with_its_keys(self) -> None:
        receiver, before = SrtpReceiver([sa(0)]), SrtpSender([sa(0)])
        after = SrtpSender([sa(1, ssrc=OTHER)])
        receiver.unprotect(before.protect(rtp(1)))
        receiver.replace([sa(1, ssrc=OTHER)])
        assert receiver.unprotect(after.protect(rtp(1, ssrc=OTHER))) == rtp(1, ssrc=OTHER)
        assert receiver.unprotect(before.protect(rtp(2))) == rtp(2)
        receiver.forget_old()
        assert kind(receiver, before.protect(rtp(3))) == RefusalKind.FOREIGN_SSRC
        assert receiver.unprotect(after.protect(rtp(2, ssrc=OTHER))) == rtp(2, ssrc=OTHER)

    def test_a_rekey_of_an_unknown_rollover_counter_is_refused_and_changes_nothing(self) -> None:
        sender, receiver = SrtpSender([sa(0)]), SrtpReceiver([sa(0)])
        receiver.unprotect(sender.protect(rtp(1)))
        with pytest.raises(PeerError) as caught:
            receiver.replace([sa(1, roc=5)])
        assert caught.value.mikey_error == ErrorNo.INVALID_SPPAR
        assert receiver.unprotect(sender.protect(rtp(2))) == rtp(2)
        assert not receiver.holds_old


class TestSession:
    def test_two_sessions_talk_and_are_rekeyed_without_loss(self) -> None:
        to_bob, to_alice = [sa(1, ssrc=SSRC)], [sa(2, ssrc=OTHER, cs_id=2)]
        alice = SrtpSession(SrtpSender(to_bob), SrtpReceiver(to_alice))
        bob = SrtpSession(SrtpSender(to_alice), SrtpReceiver(to_bob))
        assert bob.unprotect(alice.protect(rtp(1))) == rtp(1)
        assert alice.unprotect(bob.protect(rtp(1, ssrc=OTHER))) == rtp(1, ssrc=OTHER)
        assert bob.unprotect_rtcp(alice.protect_rtcp(rtcp())) == rtcp()
        in_flight = alice.protect(rtp(2))
        to_bob, to_alice = [sa(3, ssrc=SSRC)], [sa(4, ssrc=OTHER, cs_id=2)]
        bob.replace(to_alice, to_bob)
        assert bob.unprotect(in_flight) == rtp(2)
        alice.replace(to_bob, to_alice)
        assert bob.unprotect(alice.protect(rtp(3))) == rtp(3)
        assert alice.unprotect(bob.protect(rtp(2, ssrc=OTHER))) == rtp(2, ssrc=OTHER)
        alice.forget_old()
        bob.forget_old()
        assert bob.unprotect(alice.protect(rtp(4))) == rtp(4)

    def test_a_party_does_not_read_its_own_direction(self) -> None:
        """A packet that is reflected to its sender is not taken for the peer's."""
        alice = SrtpSession(SrtpSender([sa(1, ssrc=0)]), SrtpReceiver([sa(2, ssrc=0, cs_id=2)]))
        assert kind(alice.receive, alice.protect(rtp(1))) == RefusalKind.AUTHENTICATION
