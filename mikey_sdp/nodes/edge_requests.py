"""What an edge does with the requests that reach it: bodies are changed, the rest passes.

Source: RFC 3261 sections 16.3 to 16.6.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp.endpoint import KeySet
from mikey_sdp.errors import MikeySdpError
from mikey_sdp.nodes.edge_bodies import sdp_of, with_sdp
from mikey_sdp.nodes.edge_call import Dialog, EdgeCall, Passage
from mikey_sdp.nodes.edge_contract import EdgeAccount, Side
from mikey_sdp.nodes.edge_desk import EdgeDesk
from mikey_sdp.nodes.edge_endings import Endings
from mikey_sdp.nodes.edge_exchange import Refused, Room
from mikey_sdp.nodes.edge_leg import EdgeLeg
from mikey_sdp.nodes.edge_offers import Parties, first_offer
from mikey_sdp.nodes.edge_phone import PhoneKeys
from mikey_sdp.nodes.edge_ways import Line
from mikey_sdp.sip import SDP, Hop, Request, ServerTransaction, build_response

_OFFERING: Final = frozenset({"INVITE", "UPDATE", "PRACK"})
_REFRESHING: Final = frozenset({"INVITE", "UPDATE"})


class Requests:
    """Takes requests and sends them on."""

    def __init__(self, desk: EdgeDesk, endings: Endings) -> None:
        self._desk: Final = desk
        self._endings: Final = endings

    def arrived(self, line: Line, server: ServerTransaction, request: Request) -> None:
        """Take a request other than ACK and CANCEL."""
        desk = self._desk
        try:
            routed = desk.ways.stripped(request)
            _check(routed)
            if routed.method == "OPTIONS" and not routed.uri.user and desk.ways.is_own(routed.uri):
                alive = build_response(request, 200, to_tag=line.layer.new_tag(), headers=[("Accept", SDP)])
                desk.do(line, line.layer.reply(server, alive))
                return
            passage = Passage(
                number=desk.next_number(),
                line=line,
                server=server,
                request=routed,
                transport=server.source.transport,
                uri=routed.uri,
            )
            self._route(passage)
            self.send(passage, self._body(passage))
        except MikeySdpError as fault:
            refused = Refused.because(fault)
            if request.method == "INVITE" and not request.to.tag:
                desk.refused += 1
                desk.warn(f"a call of {request.from_.identity} to {request.to.identity} is refused: {refused.reason}")
            desk.refuse(line, server, refused)

    # -- where it belongs ----------------------------------------------------------------------------------------

    def _route(self, passage: Passage) -> None:
        """Find the dialog of a request, or what it begins, and where it goes.

        Raises: MikeySdpError.
        """
        desk, request, line = self._desk, passage.request, passage.line
        found = desk.find(line.side, request) if request.to.tag else None
        if found is not None:
            passage.call, passage.dialog = found
            self._inside(passage, *found)
        elif request.to.tag and request.method in _OFFERING:
            raise Refused("no such call", status=481)
        elif line.side is Side.PHONE:
            passage.hop = desk.ways.network_hop(request)
            self._of_phone(passage)
        elif request.method == "REGISTER":
            raise Refused("nobody registers from this side", status=403)
        elif request.to.tag:
            passage.hop = desk.phone_at(request.uri)
        else:
            place = desk.bindings.find(request, desk.now_us)
            passage.hop, passage.uri = place.hop, place.uri
            if request.method == "INVITE":
                self._open(passage, place.account, place.hop)

    def _of_phone(self, passage: Passage) -> None:
        """Take what the phone side asks for outside of a call, if it comes from the phone of an account.

        Raises: Refused.
        """
        bindings, request, source = self._desk.bindings, passage.request, passage.server.source
        if request.method == "REGISTER":
            self._register(passage)
            return
        status = 481 if request.to.tag else 403
        account = bindings.account(request.from_.identity)
        if account is None:
            raise Refused("no account of this edge", status=status)
        if not bindings.may_call(account, source, self._desk.now_us):
            raise Refused("the phone of this account is elsewhere", status=status)
        if request.method == "INVITE":
            self._open(passage, account, source)

    def _inside(self, passage: Passage, call: EdgeCall, dialog: Dialog) -> None:
        request, side = passage.request, passage.line.side
        if side is Side.PHONE:
            if passage.server.source.host != call.phone_hop.host:
                raise Refused("the phone of this call is elsewhere", status=403)
            call.phone_hop = passage.server.source
            passage.hop = self._desk.ways.network_hop(request)
        else:
            passage.hop = self._desk.hop_to(call, dialog, Side.PHONE)
        number = request.cseq.number
        dialog.numbers[side] = max(number, dialog.numbers.get(side, 0))
        call.messages += 1
        if request.contacts and request.method in _REFRESHING:
            dialog.targets[side] = request.contacts[0].uri

    def _register(self, passage: Passage) -> None:
        desk, hop = self._desk, passage.hop
        out = None if hop is None else desk.ways.towards(Side.NETWORK, hop)
        if out is None or hop is None:
            raise Refused("nothing says where the registrar is", status=503)
        if desk.config.outbound is None and hop != desk.ways.locate(passage.request.to.uri):
            raise Refused("only the registrar of the account's domain says where its phones are", status=403)
        passage.out = desk.bindings.register(passage.request, out, hop.transport, desk.now_us)

    def _open(self, passage: Passage, account: EdgeAccount, phone: Hop) -> None:
        """A call begins.

        Raises: Refused where there are too many, or where it has begun by another way.
        """
        desk, request = self._desk, passage.request
        if desk.closing or len(desk.calls) >= desk.config.limits.calls:
            raise Refused("no more calls are taken now", status=503)
        outgoing = passage.line.side is Side.PHONE
        peer = (request.to if outgoing else request.from_).identity
        rule = desk.rule(peer)
        limits = desk.config.limits
        device = 0 if outgoing else desk.forks.number(passage, desk.now_us)
        room = Room(desk.ports, desk.entropy, limit=limits.buffered, streams=limits.streams, further=device > 0)
        call = EdgeCall(
            number=desk.next_number(),
            call_id=request.call_id,
            outgoing=outgoing,
            account=account,
            parties=Parties(
                endpoint=desk.endpoint(account, device),
                peer=peer,
                plain=rule.plain,
                retarget=rule.retarget,
                phone_host=phone.host,
            ),
            room=room,
            caller=request.from_,
            begun_us=desk.now_us,
            phone_hop=phone,
            caller_target=request.contacts[0].uri if request.contacts else None,
            caller_routes=request.record_routes,
            first_number=request.cseq.number,
            allowed_us=limits.silent_us,
        )
        call.invite = passage
        passage.call = call
        desk.calls[call.number] = call

    # -- bodies --------------------------------------------------------------------------------------------------

    def _body(self, passage: Passage) -> Request:
        """The request with the description that the other side is to see.

        Raises: MikeySdpError; nothing is kept of a call that it was to open.
        """
        request, call = passage.request if passage.out is None else passage.out, passage.call
        try:
            body = sdp_of(request)
            if not body:
                return request
            if call is None or request.method not in _OFFERING:
                return request.with_body(b"", "")  # keys for one hop would go further
            if passage.dialog is None:
                return self._first(passage, call, body)
            return self._next(passage, passage.dialog, body)
        except MikeySdpError:
            if call is not None and passage.opens_call:
                self._endings.close(call)
            raise

    def _first(self, passage: Passage, call: EdgeCall, body: bytes) -> Request:
        request: Request = passage.request
        phone = PhoneKeys(call.account.phone, self._desk.entropy, called=call.outgoing)
        if call.outgoing:
            passage.exchange = first_offer(call.parties, phone, call.room, body)
        else:
            call.first = leg = self.leg(call, phone)
            leg.offered(Side.NETWORK, body)
            passage.exchange = leg.exchange
        if passage.exchange is not None:
            request = with_sdp(request, passage.exchange.forwarded)
        return request

    def leg(self, call: EdgeCall, phone: PhoneKeys) -> EdgeLeg:
        """A leg of a call for somebody who answers, or will."""
        leg = EdgeLeg(call.parties, phone, call.room)
        leg.on_keys = lambda keys: self._keyed(call, keys)
        return leg

    def _keyed(self, call: EdgeCall, keys: KeySet) -> None:
        self._desk.installed(call, keys)
        if keys.further_round:
            self._desk.warn(f"the exchange with {keys.peer} is over only after a further offer of the phone", call)

    def _next(self, passage: Passage, dialog: Dialog, body: bytes) -> Request:
        leg, side, request = dialog.leg, passage.line.side, passage.request
        if leg is None:
            raise Refused("the call has no media here", status=488)
        standing = leg.exchange
        if standing is not None and standing.by is side.other and not leg.took(standing):
            if request.method != "PRACK":
                raise Refused("an offer is open", status=491)
            return with_sdp(request, leg.answered(standing, body))
        forwarded = leg.offered(side, body)
        passage.exchange = leg.exchange
        return with_sdp(request, forwarded)

    # -- out -----------------------------------------------------------------------------------------------------

    def send(self, passage: Passage, request: Request) -> None:
        """Send a request on.

        Raises: Refused where nothing says whereto.
        """
        desk, hop, line = self._desk, passage.hop, passage.line
        out_line = None if hop is None else desk.ways.towards(line.side.other, hop)
        if hop is None or out_line is None:
            if passage.call is not None and passage.opens_call:
                self._endings.close(passage.call)
            raise Refused("nothing says where that is", status=503)
        passage.out_line = out_line
        passage.out = desk.ways.passed_on(request, passage.uri, (line, passage.transport), out_line, hop)
        desk.passages[passage.number] = passage
        desk.by_server[line.number, passage.server.number] = passage
        passage.client, outputs = out_line.layer.send(passage.out, hop)
        desk.by_client[out_line.number, passage.client.number] = passage
        desk.do(out_line, outputs)
        call = passage.call
        if call is not None and passage.opens_call:
            desk.changed(call, "calling")
            if not call.outgoing:
                desk.forks.begun(passage, desk.now_us)
        if request.method == "INVITE":
            desk.set_timer(f"ring/{passage.number}", desk.config.limits.ring_us)
        if request.method == "BYE" and call is not None and passage.dialog is not None:
            self._endings.over(call, passage.dialog)


def _check(request: Request) -> None:
    """Raises: Refused for a request that a proxy sends no further (section 16.3)."""
    if not request.uri.is_sip:
        raise Refused("only SIP is spoken here", status=416)
    if request.max_forwards == 0:
        raise Refused("too many hops", status=483)
    if request.options("Proxy-Require"):
        raise Refused("no extension is known here", status=420)
