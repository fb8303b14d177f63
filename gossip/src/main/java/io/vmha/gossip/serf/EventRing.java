package io.vmha.gossip.serf;

import io.vmha.gossip.wire.SerfMessage.EventBody;
import io.vmha.gossip.wire.SerfMessage.RecentEvents;
import io.vmha.gossip.wire.SerfMessageCodec;
import java.util.ArrayList;
import java.util.List;

/** The latest user events, so that each is delivered once and newcomers can be told: serf.go, handleUserEvent. */
final class EventRing {
    /** Serf: no event is larger. */
    static final int EVENT_BYTES_MAX = 9 * 1024;

    /** All events that are kept; a flood beyond it is not delivered. */
    private static final int RING_BYTES_MAX = 1024 * 1024;

    private static final int EVENTS_PER_TIME_MAX = 64;

    private final LamportClock clock;
    private final Slot[] slots = new Slot[SerfMessageCodec.EVENT_SLOTS];
    private long minTime;
    private int bytes;

    EventRing(LamportClock clock) {
        this.clock = clock;
    }

    private static final class Slot {
        private final long ltime;
        private final List<EventBody> events = new ArrayList<>();
        private int bytes;

        Slot(long ltime) {
            this.ltime = ltime;
        }
    }

    /** Events before this time happened before we joined. */
    void ignoreBefore(long ltime) {
        minTime = Math.max(minTime, ltime);
    }

    /** Returns whether the event is seen for the first time and not too old. */
    boolean add(long ltime, EventBody event) {
        clock.witness(ltime);
        int size = event.name().length() + event.payload().length();
        if (ltime < minTime || ltime < clock.time() - slots.length || size > EVENT_BYTES_MAX) {
            return false;
        }
        int index = (int) (ltime % slots.length);
        Slot slot = slots[index];
        if (slot == null || slot.ltime != ltime) {
            bytes -= slot == null ? 0 : slot.bytes;
            slot = new Slot(ltime);
            slots[index] = slot;
        }
        if (slot.events.contains(event) || slot.events.size() >= EVENTS_PER_TIME_MAX || bytes + size > RING_BYTES_MAX) {
            return false;
        }
        slot.events.add(event);
        slot.bytes += size;
        bytes += size;
        return true;
    }

    List<RecentEvents> recent() {
        List<RecentEvents> recent = new ArrayList<>();
        for (Slot slot : slots) {
            if (slot != null) {
                recent.add(new RecentEvents(slot.ltime, slot.events));
            }
        }
        return recent;
    }
}
