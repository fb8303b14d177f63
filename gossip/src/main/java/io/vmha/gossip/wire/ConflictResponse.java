package io.vmha.gossip.wire;

import java.util.List;
import java.util.SortedMap;

/**
 * What a member knows about a name that two claim: the answer to Serf's conflict query.
 *
 * @param status as {@code MemberStatus} numbers it
 */
public record ConflictResponse(String name, NodeAddress address, SortedMap<String, String> tags, int status, Vsn vsn) {
    private static final int TYPE = 6;
    private static final List<String> FIELDS = List.of("Name", "Addr", "Port", "Tags", "Status");

    /** The answer of a member that knows nobody by that name. */
    public static Bytes unknown() {
        return new MsgpackWriter().octet(TYPE).nil().toBytes();
    }

    /** As the payload of a response. */
    public Bytes encode() {
        MsgpackWriter output = new MsgpackWriter().octet(TYPE).mapHeader(11);
        output.text("Addr").rawOrNil(address.ip());
        output.text("DelegateCur").unsigned(vsn.delegateCurrent());
        output.text("DelegateMax").unsigned(vsn.delegateMax());
        output.text("DelegateMin").unsigned(vsn.delegateMin());
        output.text("Name").text(name);
        output.text("Port").unsigned(address.port());
        output.text("ProtocolCur").unsigned(vsn.protocolCurrent());
        output.text("ProtocolMax").unsigned(vsn.protocolMax());
        output.text("ProtocolMin").unsigned(vsn.protocolMin());
        output.text("Status").unsigned(status);
        output.text("Tags").mapHeader(tags.size());
        tags.forEach((tag, value) -> output.text(tag).text(value));
        return output.toBytes();
    }

    /**
     * Reads whose address a response gives for the name; none if it knows nobody.
     *
     * @throws WireFormatException if it is something else
     */
    public static NodeAddress addressIn(Bytes payload) {
        if (payload.isEmpty() || payload.at(0) != TYPE) {
            throw new WireFormatException("a conflict query is answered by a member, type " + TYPE);
        }
        Fields fields =
                new MsgpackReader(payload.shared(), 1, payload.length()).value().struct("conflict response", FIELDS);
        return new NodeAddress(fields.address("Addr"), fields.uint16("Port"));
    }
}
