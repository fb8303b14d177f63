package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Messages that are sent a limited number of times to whoever comes next: the least often sent first, then the longest, then the newest
 * (memberlist queue.go, TransmitLimitedQueue).
 */
public final class BroadcastQueue {
    /** In the order in which their turns come; none is empty. There are few of them, however many entries wait. */
    private final List<List<Entry>> places = new ArrayList<>();

    /** What each of the places is for, side by side because it is searched for every message that is sent. */
    private long[] keys = new long[8];

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
            drop(places.get(places.size() - 1).get(0));
        }
    }

    private void put(Entry entry) {
        long key = entry.place();
        int at = firstFrom(key);
        if (at == places.size() || keys[at] != key) {
            addPlace(at, key);
        }
        List<Entry> alike = places.get(at);
        alike.add(indexOf(alike, entry.id), entry);
        size++;
    }

    /** For entries that were sent as often and are as long, the oldest first. */
    private void addPlace(int at, long key) {
        if (places.size() == keys.length) {
            keys = Arrays.copyOf(keys, 2 * keys.length);
        }
        System.arraycopy(keys, at, keys, at + 1, places.size() - at);
        keys[at] = key;
        places.add(at, new ArrayList<>());
    }

    private void removePlace(int at) {
        places.remove(at);
        System.arraycopy(keys, at + 1, keys, at, places.size() - at);
    }

    private void remove(Entry entry) {
        int at = firstFrom(entry.place());
        List<Entry> alike = places.get(at);
        alike.remove(indexOf(alike, entry.id));
        if (alike.isEmpty()) {
            removePlace(at);
        }
        size--;
    }

    /** The index of the first place whose turn is not before this one's. */
    private int firstFrom(long key) {
        int from = 0;
        int to = places.size();
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (keys[middle] < key) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
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
        if (size == 0) {
            return List.of();
        }
        List<Entry> taken = new ArrayList<>();
        int free = limitBytes;
        int at = 0;
        while (at < places.size() && free > overheadBytes) {
            long key = keys[at];
            List<Entry> alike = places.get(at);
            int transmits = alike.get(0).transmits;
            int cost = overheadBytes + alike.get(0).message.length();
            while (cost <= free && !alike.isEmpty()) {
                free -= cost;
                taken.add(alike.remove(alike.size() - 1));
            }
            if (alike.isEmpty()) {
                removePlace(at);
            }
            at = firstFrom(Math.max(key + 1, placeOf(transmits, Math.max(0, free - overheadBytes))));
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
