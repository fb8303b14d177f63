package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Messages that are sent a limited number of times to whoever comes next: the least often sent first, then the longest, then the newest
 * (memberlist queue.go, TransmitLimitedQueue).
 */
public final class BroadcastQueue {
    private final TreeSet<Entry> entries = new TreeSet<>(Comparator.comparingInt((Entry e) -> e.transmits)
            .thenComparing(
                    Comparator.comparingInt((Entry e) -> e.message.length()).reversed())
            .thenComparing(Comparator.comparingLong((Entry e) -> e.id).reversed()));
    private final Map<String, Entry> bySubject = new HashMap<>(); // looked up only
    private final int entriesMax;
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
        for (Entry entry : entries) {
            int cost = overheadBytes + entry.message.length();
            if (cost <= free) {
                free -= cost;
                taken.add(entry);
            }
            if (free <= overheadBytes) {
                break;
            }
        }
        List<Bytes> messages = new ArrayList<>(taken.size());
        for (Entry entry : taken) {
            messages.add(entry.message);
            if (entry.transmits + 1 >= transmitLimit) {
                drop(entry);
            } else {
                entries.remove(entry);
                entry.transmits++;
                entries.add(entry);
            }
        }
        return messages;
    }

    /** How often a message is sent in a cluster of this size: util.go, retransmitLimit. */
    public static int transmitLimit(int retransmitMult, int nodes) {
        return retransmitMult * (int) Math.ceil(Math.log10(nodes + 1.0));
    }
}
