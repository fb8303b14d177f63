package io.vmha.gossip.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Compares a decoded message with its recorded meaning. */
final class Recorded implements MessageListener {
    private final JsonNode recorded;

    private Recorded(JsonNode recorded) {
        this.recorded = recorded;
    }

    static void assertMeaning(JsonNode recorded, Message message) {
        message.deliverTo(new Recorded(recorded));
    }

    private JsonNode field(String kind, String name) {
        assertThat(recorded.get("name").asText()).isEqualTo(kind);
        return recorded.get("fields").path(name);
    }

    private static Bytes bytes(JsonNode node) {
        JsonNode hex = node.isObject() ? node.get("hex") : node;
        return hex.isNull() || hex.isMissingNode() ? Bytes.EMPTY : Bytes.hex(hex.asText());
    }

    private static Bytes octets(JsonNode list) {
        byte[] content = new byte[list.size()];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) list.get(i).asInt();
        }
        return Bytes.copyOf(content);
    }

    private void assertSource(String kind, Message.Source source) {
        assertThat(source.address().ip()).isEqualTo(bytes(field(kind, "SourceAddr")));
        assertThat(source.address().port()).isEqualTo(field(kind, "SourcePort").asInt(0));
        assertThat(source.node()).isEqualTo(field(kind, "SourceNode").asText(""));
    }

    @Override
    public void onPing(Message.Ping ping) {
        assertThat(ping.sequence()).isEqualTo(field("ping", "SeqNo").asLong());
        assertThat(ping.node()).isEqualTo(field("ping", "Node").asText());
        assertSource("ping", ping.source());
    }

    @Override
    public void onIndirectPing(Message.IndirectPing ping) {
        String kind = "indirectPing";
        assertThat(ping.sequence()).isEqualTo(field(kind, "SeqNo").asLong());
        assertThat(ping.node()).isEqualTo(field(kind, "Node").asText());
        assertThat(ping.wantsNack()).isEqualTo(field(kind, "Nack").asBoolean());
        assertThat(ping.target())
                .isEqualTo(new NodeAddress(
                        bytes(field(kind, "Target")), field(kind, "Port").asInt()));
        assertSource(kind, ping.source());
    }

    @Override
    public void onAck(Message.Ack ack) {
        assertThat(ack.sequence()).isEqualTo(field("ackResp", "SeqNo").asLong());
        assertThat(ack.payload()).isEqualTo(bytes(field("ackResp", "Payload")));
    }

    @Override
    public void onNack(Message.Nack nack) {
        assertThat(nack.sequence()).isEqualTo(field("nackResp", "SeqNo").asLong());
    }

    @Override
    public void onSuspect(Message.Suspect suspect) {
        assertThat(suspect.node()).isEqualTo(field("suspect", "Node").asText());
        assertThat(suspect.from()).isEqualTo(field("suspect", "From").asText());
        assertThat(suspect.incarnation())
                .isEqualTo(field("suspect", "Incarnation").asLong());
    }

    @Override
    public void onDead(Message.Dead dead) {
        assertThat(dead.node()).isEqualTo(field("dead", "Node").asText());
        assertThat(dead.from()).isEqualTo(field("dead", "From").asText());
        assertThat(dead.incarnation()).isEqualTo(field("dead", "Incarnation").asLong());
    }

    @Override
    public void onAlive(Message.Alive alive) {
        assertThat(alive.node()).isEqualTo(field("alive", "Node").asText());
        assertThat(alive.incarnation()).isEqualTo(field("alive", "Incarnation").asLong());
        NodeAddress address = new NodeAddress(
                bytes(field("alive", "Addr")), field("alive", "Port").asInt());
        assertThat(alive.address()).isEqualTo(address);
        assertThat(alive.vsn().raw()).isEqualTo(octets(field("alive", "Vsn")));
        assertMeta(alive.meta(), field("alive", "Meta"));
    }

    private static void assertMeta(Bytes meta, JsonNode expected) {
        assertThat(meta).isEqualTo(bytes(expected));
        if (expected.has("tags")) {
            assertThat(Tags.decode(meta)).hasSameSizeAs(expected.get("tags"));
            Tags.decode(meta)
                    .forEach((name, value) -> assertThat(value)
                            .isEqualTo(expected.get("tags").get(name).asText()));
        }
    }

    @Override
    public void onPushPull(Message.PushPull state) {
        assertThat(state.join()).isEqualTo(recorded.get("header").get("Join").asBoolean());
        assertThat(state.userState().length())
                .isEqualTo(recorded.get("header").get("UserStateLen").asInt());
        assertThat(state.nodes()).hasSameSizeAs(recorded.get("nodes"));
        for (int i = 0; i < state.nodes().size(); i++) {
            assertNode(state.nodes().get(i), recorded.get("nodes").get(i));
        }
        if (recorded.path("user_state").has("fields")) {
            assertSerf(recorded.get("user_state"), SerfMessageCodec.decode(state.userState()));
        }
    }

    private static void assertNode(NodeState node, JsonNode expected) {
        assertThat(node.name()).isEqualTo(expected.get("Name").asText());
        assertThat(node.incarnation()).isEqualTo(expected.get("Incarnation").asLong());
        assertThat(node.address().ip()).isEqualTo(bytes(expected.get("Addr")));
        assertThat(node.address().port()).isEqualTo(expected.get("Port").asInt());
        assertThat(node.state().code())
                .isEqualTo(expected.get("State").get("id").asInt());
        assertThat(node.vsn().raw()).isEqualTo(octets(expected.get("Vsn")));
        assertMeta(node.meta(), expected.get("Meta"));
    }

    @Override
    public void onErrorReply(Message.ErrorReply error) {
        assertThat(error.text()).isEqualTo(field("err", "Error").asText());
    }

    @Override
    public void onUser(Message.User user) {
        assertThat(recorded.get("name").asText()).isEqualTo("user");
        JsonNode serf = recorded.get("serf");
        if (serf.get("serf_name").asText().equals("raw")) {
            assertThat(user.body()).isEqualTo(Bytes.hex(serf.get("raw_hex").asText()));
        } else {
            assertThat(user.body().at(0)).isEqualTo(serf.get("serf_type").asInt());
            assertSerf(serf, SerfMessageCodec.decode(user.body()));
        }
    }

    private static void assertSerf(JsonNode expected, SerfMessage message) {
        message.deliverTo(new RecordedSerf(expected));
    }

    private record RecordedSerf(JsonNode expected) implements SerfMessageListener {
        private JsonNode field(String name) {
            return expected.get("fields").path(name);
        }

        private void assertBody(SerfMessage.EventBody body) {
            assertThat(body.name()).isEqualTo(field("Name").asText());
            assertThat(body.payload()).isEqualTo(bytes(field("Payload")));
        }

        @Override
        public void onLeaveIntent(SerfMessage.LeaveIntent intent) {
            assertThat(expected.get("serf_name").asText()).isEqualTo("leave");
            assertThat(intent.ltime()).isEqualTo(field("LTime").asLong());
            assertThat(intent.node()).isEqualTo(field("Node").asText());
            assertThat(intent.prune()).isEqualTo(field("Prune").asBoolean());
        }

        @Override
        public void onJoinIntent(SerfMessage.JoinIntent intent) {
            assertThat(expected.get("serf_name").asText()).isEqualTo("join");
            assertThat(intent.ltime()).isEqualTo(field("LTime").asLong());
            assertThat(intent.node()).isEqualTo(field("Node").asText());
        }

        @Override
        public void onState(SerfMessage.State state) {
            assertThat(state.ltime()).isEqualTo(field("LTime").asLong());
            assertThat(state.eventLtime()).isEqualTo(field("EventLTime").asLong());
            assertThat(state.queryLtime()).isEqualTo(field("QueryLTime").asLong());
            assertThat(state.statusTimes().asMap()).hasSameSizeAs(field("StatusLTimes"));
            for (Map.Entry<String, Long> entry : state.statusTimes().asMap().entrySet()) {
                assertThat(entry.getValue())
                        .isEqualTo(field("StatusLTimes").get(entry.getKey()).asLong());
            }
            List<String> left = new ArrayList<>();
            field("LeftMembers").forEach(name -> left.add(name.asText()));
            assertThat(state.leftMembers()).isEqualTo(left);
            assertThat(state.events()).hasSameSizeAs(field("Events").get("non_nil"));
        }

        @Override
        public void onUserEvent(SerfMessage.UserEvent event) {
            assertThat(event.ltime()).isEqualTo(field("LTime").asLong());
            assertThat(event.coalesce()).isEqualTo(field("CC").asBoolean());
            assertBody(event.body());
        }

        @Override
        public void onQuery(SerfMessage.Query query) {
            assertThat(query.ltime()).isEqualTo(field("LTime").asLong());
            assertThat(query.id()).isEqualTo(field("ID").asLong());
            assertThat(query.flags()).isEqualTo(field("Flags").asLong());
            assertThat(query.timeoutNanos()).isEqualTo(field("Timeout").asLong());
            assertThat(query.relayFactor()).isEqualTo(field("RelayFactor").asInt());
            assertThat(query.sourceNode()).isEqualTo(field("SourceNode").asText());
            assertThat(query.address())
                    .isEqualTo(
                            new NodeAddress(bytes(field("Addr")), field("Port").asInt()));
            assertBody(query.body());
        }

        @Override
        public void onQueryResponse(SerfMessage.QueryResponse response) {
            assertThat(response.ltime()).isEqualTo(field("LTime").asLong());
            assertThat(response.id()).isEqualTo(field("ID").asLong());
            assertThat(response.from()).isEqualTo(field("From").asText());
            assertThat(response.flags()).isEqualTo(field("Flags").asLong());
            assertThat(response.payload()).isEqualTo(bytes(field("Payload")));
        }

        @Override
        public void onRelay(SerfMessage.Relay relay) {
            assertThat(relay.destinationName())
                    .isEqualTo(expected.get("header").get("DestName").asText());
            assertThat(relay.destination().port())
                    .isEqualTo(
                            expected.get("header").get("DestAddr").get("Port").asInt());
            assertSerf(expected.get("inner"), SerfMessageCodec.decode(relay.message()));
        }
    }
}
