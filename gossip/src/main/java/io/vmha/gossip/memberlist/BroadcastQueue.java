package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Messages that are sent a limited number of times to whoever comes next: the least often sent first, then the longest, then the newest
 * (memberlist queue.go, TransmitLimitedQueue).
 */
public final class BroadcastQueue {
    private final TreeSet<Entry> entries = new TreeSet<>();
    private final Map<String, Entry> bySubject = new HashMap<>(); // looked up only
    private final int entriesMax;
    private long lastId;

    /** An empty queue; when it is full, what was sent most often goes first. */
    public BroadcastQueue(int entriesMax) {
        this.entriesMax = entriesMax;
    }

    private static final class Entry implements Comparable<Entry> {
        private final Bytes message;
        private final Runnable onDone;
        private final String subject;
        private final long id;
        private final int length;
        private int transmits;

        Entry(Bytes message, String subject, Runnable onDone, long id) {
            this(message, message.length(), subject, onDone, id);
        }

        private Entry(Bytes message, int length, String subject, Runnable onDone, long id) {
            this.message = message;
            this.subject = subject;
            this.onDone = onDone;
            this.id = id;
            this.length = length;
        }

        @Override
        public int compareTo(Entry other) {
            if (transmits != other.transmits) {
                return Integer.compare(transmits, other.transmits);
            }
            return length == other.length ? Long.compare(other.id, id) : Integer.compare(other.length, length);
        }

        /** A place in the order, before all that were sent so often and are no longer than this. */
        static Entry firstOf(int transmits, int length) {
            Entry place = new Entry(Bytes.EMPTY, length, "", () -> {}, Long.MAX_VALUE);
            place.transmits = transmits;
            return place;
        }
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
            entries.remove(older);
            older.onDone.run();
        }
        insert(entry);
    }

    private void insert(Entry entry) {
        entries.add(entry);
        while (entries.size() > entriesMax) {
            drop(entries.last());
        }
    }

    private void drop(Entry entry) {
        entries.remove(entry);
        bySubject.remove(entry.subject, entry);
        entry.onDone.run();
    }

    public boolean isEmpty() {
        return entries.isEmpty();
    }

    public int size() {
        return entries.size();
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
        Entry entry = entries.isEmpty() ? null : entries.first();
        while (entry != null && free > overheadBytes) {
            if (overheadBytes + entry.length <= free) {
                free -= overheadBytes + entry.length;
                taken.add(entry);
                entry = entries.higher(entry);
            } else {
                entry = entries.ceiling(Entry.firstOf(entry.transmits, free - overheadBytes));
            }
        }
        List<Bytes> messages = new ArrayList<>(taken.size());
        for (Entry sent : taken) {
            messages.add(sent.message);
            if (sent.transmits + 1 >= transmitLimit) {
                drop(sent);
            } else {
                entries.remove(sent);
                sent.transmits++;
                entries.add(sent);
            }
        }
        return messages;
    }

    /** How often a message is sent in a cluster of this size: util.go, retransmitLimit. */
    public static int transmitLimit(int retransmitMult, int nodes) {
        return retransmitMult * (int) Math.ceil(Math.log10(nodes + 1.0));
    }
}
