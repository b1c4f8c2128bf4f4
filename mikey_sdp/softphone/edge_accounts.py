"""The users behind an edge and the people they talk to, as its configuration gives them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import ANY_PEER, Credential, PskCredential
from mikey_sdp.nodes.edge_contract import EdgeAccount, PeerRule
from mikey_sdp.sip import Uri, identity
from mikey_sdp.sip.grammar import HOSTNAME
from mikey_sdp.softphone.edge_faults import Path
from mikey_sdp.softphone.edge_reading import Reading
from mikey_sdp.softphone.edge_words import AccountWords, PeerWords


@dataclass(slots=True)
class People:
    """All of them as they are read.

    Keeps: `shared` and `pinned`, keys and certificates of peers, good for all accounts; `known`, identities that stand
    in the table that is being read; `rules`.
    """

    reading: Reading
    shared: list[Credential] = field(default_factory=list)
    pinned: list[bytes] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    rules: list[PeerRule] = field(default_factory=list)

    def meet(self, peers: list[PeerWords]) -> tuple[PeerRule, ...]:
        """Everybody who is called or calls. A key is shared with all accounts, a certificate trusted as it is."""
        self.known.clear()
        for number, words in enumerate(peers):
            self._peer(words, ("peers", number))
        return tuple(self.rules)

    def account(self, words: AccountWords, defaults: EdgeAccount, path: Path) -> EdgeAccount:
        """A user, with what holds for all."""
        held = list(self.shared)
        if words.psk is not None:
            held += self._psk(words.psk, ANY_PEER, path)
        if words.certificate is not None or words.key is not None:
            held += self._certified(words, path)
        elif words.psk is None and not self.shared:
            reason = "has nothing to prove itself by; expected psk, here or with a peer, or certificate"
            self.reading.faults.note(path, reason)
        return replace(
            defaults,
            identity=self._identity(words.identity, path),
            credentials=tuple(held),
            phone=defaults.phone if words.media is None else words.media,
            contact=self._contact(words.contact, (*path, "contact")),
        )

    def _peer(self, words: PeerWords, path: Path) -> None:
        single = words.psk is not None or words.certificate is not None
        who = words.identity
        if single or who.lower().startswith(("sip:", "sips:")):
            who = self._identity(who, path)
        elif who != ANY_PEER and HOSTNAME.fullmatch(who) is None:
            reason = f"expected a SIP URI, a domain such as 'example.com', or '*', not {who[:80]!r}"
            self.reading.faults.note((*path, "identity"), reason)
        if words.psk is not None:
            self.shared += self._psk(words.psk, who, path)
        if words.certificate is not None:
            pem = self.reading.text(words.certificate, (*path, "certificate"))
            self.pinned += [] if pem is None else [pem]
        if words.plain or words.retarget:
            self.rules.append(PeerRule(match=who, plain=words.plain, retarget=words.retarget))

    def _contact(self, text: str | None, path: Path) -> str:
        uri = self.reading.attempt(path, Uri.parse, text)
        if uri is not None and not uri.is_sip:
            self.reading.faults.note(path, f"expected a SIP URI such as 'sip:alice@192.0.2.7', not {uri.text[:80]!r}")
        return "" if uri is None else uri.text

    def _psk(self, place: str, peer: str, path: Path) -> list[Credential]:
        key = self.reading.secret(place, (*path, "psk"))
        credential = self.reading.attempt((*path, "psk"), lambda secret: PskCredential(peer, secret), key)
        return [] if credential is None else [credential]

    def _certified(self, words: AccountWords, path: Path) -> list[Credential]:
        reading = self.reading
        if words.certificate is None or words.key is None:
            reading.faults.note(path, "certificate and key come together")
            return []
        own = reading.text(words.certificate, (*path, "certificate"))
        private = reading.private(words.key, (*path, "key"))
        trust = [reading.text(name, (*path, "trust", number)) for number, name in enumerate(words.trust)]
        anchors = [one for one in trust if one is not None]
        if own is None or private is None or len(anchors) < len(trust):
            return []
        credential = reading.attempt(
            (*path, "certificate"),
            lambda pem: CertificateCredential.from_pem(pem, private, trust=anchors, pinned=self.pinned),
            own,
        )
        return [] if credential is None else [credential]

    def _identity(self, text: str, path: Path) -> str:
        """The canonical form of an identity that stands at most once in its table."""
        path = (*path, "identity")
        if not text.lower().startswith(("sip:", "sips:")):
            self.reading.faults.note(path, f"expected a SIP URI such as 'sip:alice@example.com', not {text[:80]!r}")
            return text
        who = self.reading.attempt(path, identity, text) or text
        if who in self.known:
            self.reading.faults.note(path, f"{text[:80]!r} stands here twice")
        self.known.add(who)
        return who
