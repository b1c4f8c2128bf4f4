"""The parts of Kamailio's configuration that are the same in every plan.

Source: the manual of Kamailio 5.6 and its modules tm, registrar, rr, async and uac_redirect.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp.drivers.kamailio_plan import MOST_BRANCHES
from mikey_sdp.nodes.proxy_config import TIMER_C_US

MODULES: Final = (
    *("kex", "corex", "tm", "tmx", "sl", "rr", "pv", "maxfwd", "usrloc", "registrar", "textops", "siputils"),
    *("cfgutils", "async", "acc", "uac_redirect"),
)
# One child a socket: several would overtake each other, and a 200 that leaves before its 183 is another call.
CORE: Final = f"""\
debug=-1
log_stderror=yes
children=1
tcp_children=1
async_workers=1
auto_aliases=no
dns=no
rev_dns=no
dns_try_naptr=no
use_dns_cache=no
mhomed=no
max_branches={MOST_BRANCHES}
maxbuffer=4194304
tcp_rd_buf_size=131072
tcp_conn_wq_max=1048576
tcp_accept_aliases=no
disable_core_dump=yes
"""
# No GRUUs: phones that are given one use it as their Contact, and calls to it would need another lookup.
PARAMETERS: Final = f"""\
modparam("tm", "fr_timer", 32000)
modparam("tm", "fr_inv_timer", {TIMER_C_US // 1000})
modparam("tm", "max_inv_lifetime", {TIMER_C_US // 1000})
modparam("tm", "restart_fr_on_each_reply", 0)
modparam("tm", "contacts_avp", "contacts")
modparam("tm", "contact_flows_avp", "contact_flows")
modparam("tm", "failure_reply_mode", 3)
modparam("async", "ms_timer", 5)
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "use_domain", 1)
modparam("registrar", "max_contacts", 0)
modparam("registrar", "min_expires", 10)
modparam("registrar", "append_branches", 1)
modparam("registrar", "gruu_enabled", 0)
modparam("uac_redirect", "default_filter", "accept")
"""
ARRIVAL: Final = """\
request_route {
    if (!mf_process_maxfwd_header("70")) {
        sl_send_reply("483", "Too Many Hops");
        exit;
    }
    if (is_method("CANCEL")) {
        if (t_check_trans()) t_relay();
        else sl_send_reply("481", "Call/Transaction Does Not Exist");
        exit;
    }
    if (has_totag()) route(INSIDE);
    if (is_method("ACK")) {
        t_check_trans();
        exit;
    }
    if (is_method("OPTIONS") && uri == myself && $rU == $null) {
        sl_send_reply("200", "OK");
        exit;
    }
    if (t_precheck_trans()) {
        t_check_trans();
        exit;
    }
    t_check_trans();
    loose_route();
    if (uri == myself && $(ru{uri.param,late}) != "") route(LATE);
    route(LOCAL);
    if (is_method("REGISTER")) route(REGISTER);
    %(record)s
    if ($var(local) == 0 || $du != $null) route(RELAY);
    route(SERVE);
}
route[INSIDE] {
    if (!loose_route()) {
        if (is_method("ACK") && t_check_trans()) route(RELAY);
        if (uri == myself) {
            if (!is_method("ACK")) sl_send_reply("404", "Not Found");
            exit;
        }
    }
    route(RELAY);
}
route[RELAY] {
    if (!t_relay()) sl_reply_error();
    exit;
}
"""
FORK: Final = """\
route[FORK] {
    if (is_method("INVITE")) t_on_failure("NEXT");
    t_on_branch("PLACE");
    route(RELAY);
}
failure_route[NEXT] {
    if (t_is_canceled() || t_check_status("6[0-9][0-9]")) exit;
    if ($avp(follows) == 1 && t_check_status("3[0-9][0-9]") && get_redirects("*")) {
        if ($avp(at_once) == 0) {
            t_load_contacts();
            t_next_contacts();
        }
        t_on_branch("PLACE");
        t_on_failure("NEXT");
        if (t_relay()) exit;
    }
    if (t_next_contacts()) {
        t_on_branch("PLACE");
        t_on_failure("NEXT");
        if (t_relay()) exit;
    }
    if ($avp(group) > $avp(last)) exit;
    route(GROUP);
    t_on_branch("PLACE");
    t_on_failure("NEXT");
    t_relay();
}
"""
