package io.vmha.gossip.rpc;

import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.Query;
import io.vmha.gossip.serf.UserEvent;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.RpcWriter;
import java.util.List;

/** The records that clients receive without having asked again: events, answers to a query, lines of the log. */
final class RpcEvents {
    static final String USER = "user";
    static final String QUERY = "query";
    static final String JOIN = "member-join";
    static final String LEAVE = "member-leave";
    static final String FAILED = "member-failed";
    static final String UPDATE = "member-update";
    static final String REAP = "member-reap";

    private RpcEvents() {}

    /** Every answer and every record begins with one. */
    static RpcWriter header(long sequence, String error) {
        return new RpcWriter().map(2).text("Error").text(error).text("Seq").number(sequence);
    }

    static Bytes members(long sequence, String kind, List<Member> members) {
        RpcWriter output = header(sequence, "").map(2).text("Event").text(kind);
        members(output.text("Members"), members);
        return output.toBytes();
    }

    static void members(RpcWriter output, List<Member> members) {
        output.list(members.size());
        for (Member member : members) {
            output.map(11);
            output.text("Addr").binary(Bytes.copyOf(member.address().getAddress()));
            output.text("DelegateCur").number(member.delegateCur());
            output.text("DelegateMax").number(member.delegateMax());
            output.text("DelegateMin").number(member.delegateMin());
            output.text("Name").text(member.name());
            output.text("Port").number(member.port());
            output.text("ProtocolCur").number(member.protocolCur());
            output.text("ProtocolMax").number(member.protocolMax());
            output.text("ProtocolMin").number(member.protocolMin());
            output.text("Status").text(member.status().text());
            output.text("Tags").texts(member.tags());
        }
    }

    static Bytes user(long sequence, UserEvent event) {
        RpcWriter output = header(sequence, "").map(5);
        output.text("Coalesce").flag(event.coalesce());
        output.text("Event").text(USER);
        output.text("LTime").number(event.ltime());
        output.text("Name").text(event.name());
        return output.text("Payload").binary(event.payload()).toBytes();
    }

    static Bytes query(long sequence, long id, Query query) {
        RpcWriter output = header(sequence, "").map(5);
        output.text("Event").text(QUERY);
        output.text("ID").number(id);
        output.text("LTime").number(query.ltime());
        output.text("Name").text(query.name());
        return output.text("Payload").binary(query.payload()).toBytes();
    }

    static Bytes answer(long sequence, String type, String from, Bytes payload) {
        RpcWriter output = header(sequence, "").map(3);
        output.text("From").text(from);
        output.text("Payload").binary(payload);
        return output.text("Type").text(type).toBytes();
    }

    static Bytes log(long sequence, String line) {
        return header(sequence, "").map(1).text("Log").text(line).toBytes();
    }
}
