package io.vmha.gossip.wire;

import io.vmha.gossip.wire.SerfMessage.EventBody;
import io.vmha.gossip.wire.SerfMessage.RecentEvents;
import java.util.ArrayList;
import java.util.List;

/** Serf messages: a type byte and a msgpack body in the same profile as memberlist's. */
public final class SerfMessageCodec {
    /** Slots of the event ring; peers write every slot, used or not. */
    public static final int EVENT_SLOTS = 512;

    private static final int LEAVE = 0;
    private static final int JOIN = 1;
    private static final int STATE = 2;
    private static final int USER_EVENT = 3;
    private static final int QUERY = 4;
    private static final int QUERY_RESPONSE = 5;
    private static final int RELAY = 9;

    private static final List<String> INTENT_FIELDS = List.of("LTime", "Node", "Prune");
    private static final List<String> STATE_FIELDS =
            List.of("LTime", "StatusLTimes", "LeftMembers", "EventLTime", "Events", "QueryLTime");
    private static final List<String> EVENT_FIELDS = List.of("LTime", "Name", "Payload", "CC");
    private static final List<String> QUERY_FIELDS = List.of(
            "LTime",
            "ID",
            "Addr",
            "Port",
            "SourceNode",
            "Filters",
            "Flags",
            "RelayFactor",
            "Timeout",
            "Name",
            "Payload");
    private static final List<String> RESPONSE_FIELDS = List.of("LTime", "ID", "From", "Flags", "Payload");

    private SerfMessageCodec() {}

    public static Bytes encode(SerfMessage message) {
        Encoder encoder = new Encoder();
        message.deliverTo(encoder);
        return encoder.output.toBytes();
    }

    /**
     * Reads one Serf message.
     *
     * @throws WireFormatException if it is damaged or of a kind that is not known
     */
    public static SerfMessage decode(Bytes body) {
        if (body.isEmpty()) {
            throw new WireFormatException("an empty Serf message");
        }
        MsgpackReader reader = new MsgpackReader(body.shared(), 1, body.length());
        return switch (body.at(0)) {
            case LEAVE -> {
                Fields f = reader.value().struct("leave", INTENT_FIELDS);
                yield new SerfMessage.LeaveIntent(f.lamportTime("LTime"), f.name("Node"), f.bool("Prune"));
            }
            case JOIN -> {
                Fields f = reader.value().struct("join", INTENT_FIELDS);
                yield new SerfMessage.JoinIntent(f.lamportTime("LTime"), f.name("Node"));
            }
            case STATE -> state(reader.value().struct("state", STATE_FIELDS));
            case USER_EVENT -> {
                Fields f = reader.value().struct("event", EVENT_FIELDS);
                yield new SerfMessage.UserEvent(f.lamportTime("LTime"), eventBody(f), f.bool("CC"));
            }
            case QUERY -> query(reader.value().struct("query", QUERY_FIELDS));
            case QUERY_RESPONSE -> {
                Fields f = reader.value().struct("response", RESPONSE_FIELDS);
                yield new SerfMessage.QueryResponse(
                        f.lamportTime("LTime"), f.uint32("ID"), f.name("From"), f.uint32("Flags"), f.bytes("Payload"));
            }
            case RELAY -> {
                Fields f = reader.value().struct("relay", List.of("DestAddr", "DestName"));
                Fields to = f.value("DestAddr").struct("relay.DestAddr", List.of("IP", "Port", "Zone"));
                NodeAddress destination = new NodeAddress(to.address("IP"), to.uint16("Port"));
                yield new SerfMessage.Relay(destination, f.name("DestName"), body.from(reader.position()));
            }
            default -> throw new WireFormatException("Serf message type " + body.at(0) + " is not known");
        };
    }

    private static SerfMessage state(Fields f) {
        List<RecentEvents> events = new ArrayList<>();
        for (Value slot : f.value("Events").list("Events")) {
            if (!slot.isNil()) {
                events.add(recentEvents(slot.struct("Events", List.of("LTime", "Events"))));
            }
        }
        return new SerfMessage.State(
                f.lamportTime("LTime"),
                f.value("StatusLTimes").times("StatusLTimes"),
                Value.texts(f.value("LeftMembers").list("LeftMembers"), "LeftMembers"),
                f.lamportTime("EventLTime"),
                events,
                f.lamportTime("QueryLTime"));
    }

    private static RecentEvents recentEvents(Fields slot) {
        List<EventBody> bodies = new ArrayList<>();
        for (Value event : slot.value("Events").list("Events.Events")) {
            bodies.add(eventBody(event.struct("event", List.of("Name", "Payload"))));
        }
        return new RecentEvents(slot.lamportTime("LTime"), bodies);
    }

    private static EventBody eventBody(Fields f) {
        return new EventBody(f.text("Name"), f.bytes("Payload"));
    }

    private static SerfMessage query(Fields f) {
        List<Bytes> filters = new ArrayList<>();
        for (Value filter : f.value("Filters").list("Filters")) {
            filters.add(filter.bytes("Filters"));
        }
        return new SerfMessage.Query(
                f.lamportTime("LTime"),
                f.uint32("ID"),
                new NodeAddress(f.address("Addr"), f.uint16("Port")),
                f.name("SourceNode"),
                filters,
                f.uint32("Flags"),
                f.integer("RelayFactor", 0, 255),
                f.int64("Timeout"),
                eventBody(f));
    }

    private static final class Encoder implements SerfMessageListener {
        private final MsgpackWriter output = new MsgpackWriter();

        private MsgpackWriter start(int type, int fieldCount) {
            return output.octet(type).mapHeader(fieldCount);
        }

        @Override
        public void onLeaveIntent(SerfMessage.LeaveIntent intent) {
            start(LEAVE, 3).text("LTime").unsigned(intent.ltime());
            output.text("Node").text(intent.node()).text("Prune").bool(intent.prune());
        }

        @Override
        public void onJoinIntent(SerfMessage.JoinIntent intent) {
            start(JOIN, 2).text("LTime").unsigned(intent.ltime());
            output.text("Node").text(intent.node());
        }

        @Override
        public void onState(SerfMessage.State state) {
            start(STATE, 6).text("EventLTime").unsigned(state.eventLtime());
            output.text("Events").listHeader(EVENT_SLOTS);
            RecentEvents[] slots = new RecentEvents[EVENT_SLOTS];
            for (RecentEvents recent : state.events()) {
                slots[(int) (recent.ltime() % EVENT_SLOTS)] = recent;
            }
            for (RecentEvents slot : slots) {
                slot(slot);
            }
            output.text("LTime").unsigned(state.ltime());
            output.text("LeftMembers").listHeader(state.leftMembers().size());
            state.leftMembers().forEach(output::text);
            output.text("QueryLTime").unsigned(state.queryLtime());
            output.text("StatusLTimes").mapHeader(state.statusTimes().size());
            state.statusTimes().forEach((name, ltime) -> output.text(name).unsigned(ltime));
        }

        private void slot(RecentEvents slot) {
            if (slot == null) {
                output.nil();
                return;
            }
            output.mapHeader(2).text("Events").listHeader(slot.events().size());
            for (EventBody event : slot.events()) {
                output.mapHeader(2).text("Name").text(event.name());
                output.text("Payload").rawOrNil(event.payload());
            }
            output.text("LTime").unsigned(slot.ltime());
        }

        @Override
        public void onUserEvent(SerfMessage.UserEvent event) {
            start(USER_EVENT, 4).text("CC").bool(event.coalesce());
            output.text("LTime").unsigned(event.ltime());
            output.text("Name").text(event.body().name());
            output.text("Payload").rawOrNil(event.body().payload());
        }

        @Override
        public void onQuery(SerfMessage.Query query) {
            start(QUERY, 11).text("Addr").rawOrNil(query.address().ip());
            output.text("Filters");
            if (query.filters().isEmpty()) {
                output.nil();
            } else {
                output.listHeader(query.filters().size());
                query.filters().forEach(output::raw);
            }
            output.text("Flags").unsigned(query.flags()).text("ID").unsigned(query.id());
            output.text("LTime").unsigned(query.ltime());
            output.text("Name").text(query.body().name());
            output.text("Payload").rawOrNil(query.body().payload());
            output.text("Port").unsigned(query.address().port());
            output.text("RelayFactor").unsigned(query.relayFactor());
            output.text("SourceNode").text(query.sourceNode());
            output.text("Timeout").unsigned(query.timeoutNanos());
        }

        @Override
        public void onQueryResponse(SerfMessage.QueryResponse response) {
            start(QUERY_RESPONSE, 5).text("Flags").unsigned(response.flags());
            output.text("From").text(response.from());
            output.text("ID").unsigned(response.id()).text("LTime").unsigned(response.ltime());
            output.text("Payload").rawOrNil(response.payload());
        }

        @Override
        public void onRelay(SerfMessage.Relay relay) {
            start(RELAY, 2).text("DestAddr").mapHeader(3);
            output.text("IP").rawOrNil(relay.destination().ip());
            output.text("Port").unsigned(relay.destination().port());
            output.text("Zone").text("");
            output.text("DestName").text(relay.destinationName()).verbatim(relay.message());
        }
    }
}
