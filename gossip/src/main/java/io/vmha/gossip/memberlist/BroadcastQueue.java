package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Messages that are sent a limited number of times to whoever comes next: the least often sent first, then the longest, then the newest
 * (memberlist queue.go, TransmitLimitedQueue).
 */
public final class BroadcastQueue {
    /** Entries that were sent as often and are as long, the oldest first; in the order in which their turns come. */
    private final NavigableMap<Long, List<Entry>> places = new TreeMap<>();

    private final Map<String, Entry> bySubject = new HashMap<>(); // looked up only
    private final int entriesMax;
    private int size;
    private long lastId;

    /** An empty queue; when it is full, what was sent most often goes first. */
    public BroadcastQueue(int entriesMax) {
        this.entriesMax = entriesMax;
    }

    private static final class Entry {
        private final Bytes message;
        private final Runnable onDone;
        private final String subject;
        private final long id;
        private int transmits;

        Entry(Bytes message, String subject, Runnable onDone, long id) {
            this.message = message;
            this.subject = subject;
            this.onDone = onDone;
            this.id = id;
        }

        long place() {
            return placeOf(transmits, message.length());
        }
    }

    /** What was sent less often comes first, and of that what is longer. */
    private static long placeOf(int transmits, int length) {
        return ((long) transmits << Integer.SIZE) + Integer.MAX_VALUE - length;
    }

    /** Adds a message that stands for itself. */
    public void add(Bytes message, Runnable onDone) {
        insert(new Entry(message, "", onDone, ++lastId));
    }

    /** Adds a message that replaces any older one about the same subject. */
    public void replace(Bytes message, String subject, Runnable onDone) {
        Entry entry = new Entry(message, subject, onDone, ++lastId);
        Entry older = bySubject.put(subject, entry);
        if (older != null) {
            remove(older);
            older.onDone.run();
        }
        insert(entry);
    }

    private void insert(Entry entry) {
        put(entry);
        while (size > entriesMax) {
            drop(places.lastEntry().getValue().get(0));
        }
    }

    private void put(Entry entry) {
        List<Entry> alike = places.computeIfAbsent(entry.place(), place -> new ArrayList<>());
        alike.add(indexOf(alike, entry.id), entry);
        size++;
    }

    private void remove(Entry entry) {
        List<Entry> alike = places.get(entry.place());
        alike.remove(indexOf(alike, entry.id));
        if (alike.isEmpty()) {
            places.remove(entry.place());
        }
        size--;
    }

    /** Where the entry with this id is, or belongs. */
    private static int indexOf(List<Entry> alike, long id) {
        int from = 0;
        int to = alike.size();
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (alike.get(middle).id < id) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
    }

    private void drop(Entry entry) {
        remove(entry);
        forget(entry);
    }

    private void forget(Entry entry) {
        bySubject.remove(entry.subject, entry);
        entry.onDone.run();
    }

    public boolean isEmpty() {
        return size == 0;
    }

    public int size() {
        return size;
    }

    /**
     * Takes what fits, counting it as sent once.
     *
     * @param overheadBytes cost of each message beyond its length
     * @param limitBytes cost of all of them
     * @param transmitLimit a message that was sent this often is done
     */
    public List<Bytes> take(int overheadBytes, int limitBytes, int transmitLimit) {
        List<Entry> taken = new ArrayList<>();
        int free = limitBytes;
        Map.Entry<Long, List<Entry>> place = places.firstEntry();
        while (place != null && free > overheadBytes) {
            List<Entry> alike = place.getValue();
            int transmits = alike.get(0).transmits;
            int cost = overheadBytes + alike.get(0).message.length();
            while (cost <= free && !alike.isEmpty()) {
                free -= cost;
                taken.add(alike.remove(alike.size() - 1));
            }
            if (alike.isEmpty()) {
                places.remove(place.getKey());
            }
            place = places.ceilingEntry(
                    Math.max(place.getKey() + 1, placeOf(transmits, Math.max(0, free - overheadBytes))));
        }
        size -= taken.size();
        List<Bytes> messages = new ArrayList<>(taken.size());
        for (Entry sent : taken) {
            messages.add(sent.message);
            if (++sent.transmits >= transmitLimit) {
                forget(sent);
            } else {
                put(sent);
            }
        }
        return messages;
    }

    /** How often a message is sent in a cluster of this size: util.go, retransmitLimit. */
    public static int transmitLimit(int retransmitMult, int nodes) {
        return retransmitMult * (int) Math.ceil(Math.log10(nodes + 1.0));
    }
}
