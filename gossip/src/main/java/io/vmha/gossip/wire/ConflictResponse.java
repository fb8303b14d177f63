package io.vmha.gossip.wire;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a member knows about a name that two claim: the answer to Serf's conflict query.
 *
 * @param status as {@code MemberStatus} numbers it
 */
public record ConflictResponse(String name, NodeAddress address, SortedMap<String, String> tags, int status, Vsn vsn) {
    private static final int TYPE = 6;
    private static final List<String> VERSIONS =
            List.of("ProtocolMin", "ProtocolMax", "ProtocolCur", "DelegateMin", "DelegateMax", "DelegateCur");
    private static final List<String> FIELDS = List.of(
            "Name",
            "Addr",
            "Port",
            "Tags",
            "Status",
            "ProtocolMin",
            "ProtocolMax",
            "ProtocolCur",
            "DelegateMin",
            "DelegateMax",
            "DelegateCur");

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
     * Reads a response; one without a name and an address if the member knows nobody.
     *
     * @throws WireFormatException if it is something else
     */
    public static ConflictResponse decode(Bytes payload) {
        if (payload.isEmpty() || payload.at(0) != TYPE) {
            throw new WireFormatException("a conflict query is answered by a member, type " + TYPE);
        }
        Fields fields =
                new MsgpackReader(payload.shared(), 1, payload.length()).value().struct("conflict response", FIELDS);
        SortedMap<String, String> tags = new TreeMap<>();
        for (Map.Entry<String, Value> tag : fields.value("Tags").map("Tags").entrySet()) {
            if (tags.size() < Limits.TAGS_MAX) {
                tags.put(tag.getKey(), tag.getValue().bytes("tag").lenientText());
            }
        }
        byte[] versions = new byte[VERSIONS.size()];
        for (int i = 0; i < versions.length; i++) {
            versions[i] = (byte) fields.integer(VERSIONS.get(i), 0, 255);
        }
        return new ConflictResponse(
                fields.name("Name"),
                new NodeAddress(fields.address("Addr"), fields.uint16("Port")),
                Collections.unmodifiableSortedMap(tags),
                fields.integer("Status", 0, Integer.MAX_VALUE),
                new Vsn(Bytes.wrap(versions)));
    }

    /**
     * Reads whose address a response gives for the name; none if it knows nobody.
     *
     * @throws WireFormatException if it is something else
     */
    public static NodeAddress addressIn(Bytes payload) {
        return decode(payload).address();
    }
}
