package io.vmha.gossip.wire;

import io.vmha.gossip.wire.Message.PushPull;
import java.util.ArrayList;
import java.util.List;

/** Reads a push/pull state from a growing buffer; what was read once is not read again. */
final class PushPullReader {
    private static final List<String> HEADER_FIELDS = List.of("Nodes", "UserStateLen", "Join");
    private static final List<String> NODE_FIELDS =
            List.of("Name", "Addr", "Port", "Meta", "Incarnation", "State", "Vsn");

    private final List<NodeState> nodes = new ArrayList<>();
    private int position;
    private boolean headerRead;
    private int nodeCount;
    private int userStateLength;
    private boolean join;

    PushPullReader(int position) {
        this.position = position;
    }

    int nodesRead() {
        return nodes.size();
    }

    PushPull read(byte[] source, int to) {
        if (!headerRead) {
            MsgpackReader reader = new MsgpackReader(source, position, to);
            Fields header = reader.value().struct("pushPull", HEADER_FIELDS);
            nodeCount = header.integer("Nodes", 0, Limits.PUSH_PULL_NODES_MAX);
            userStateLength = header.integer("UserStateLen", 0, Limits.STREAM_INFLATED_BYTES_MAX);
            join = header.bool("Join");
            position = reader.position();
            headerRead = true;
        }
        while (nodes.size() < nodeCount) {
            MsgpackReader reader = new MsgpackReader(source, position, to);
            nodes.add(node(reader.value().struct("pushPull node", NODE_FIELDS)));
            position = reader.position();
        }
        StreamDecoder.require(position + userStateLength, to);
        return new PushPull(join, nodes, Bytes.copyOfRange(source, position, position + userStateLength));
    }

    private static NodeState node(Fields f) {
        return new NodeState(
                f.name("Name"),
                f.uint32("Incarnation"),
                new NodeAddress(f.address("Addr"), f.uint16("Port")),
                LifeState.of(f.uint32("State")),
                f.bytes("Meta", Limits.META_BYTES_MAX),
                Vsn.of(f.bytes("Vsn")));
    }
}
