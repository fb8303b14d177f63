package io.vmha.gossip.memberlist;

import java.util.HashMap;
import java.util.Map;

/**
 * Entries by their names. An entry holds its own link, so that a look-up touches a slot and the entry and nothing between: in a large
 * pool nearly every message names somebody whom nothing has touched for long, and each further object is a wait for memory.
 *
 * <p>Names come from the network, and somebody may choose them so that their hashes are the same: a row of more than {@link #ROW_MAX} is
 * not made, what comes then goes to a map that stands it.
 */
public final class NameTable<E extends NameTable.Entry> {
    private static final int SLOTS_LEAST = 16;

    /** Far above what honest names make: there are twice as many slots as entries. */
    private static final int ROW_MAX = 12;

    private Entry[] slots = new Entry[SLOTS_LEAST];
    private final Map<String, Entry> crowd = new HashMap<>(); // looked up only
    private int size;

    /** What stands in such a table; in one at a time. */
    public abstract static class Entry {
        private final String name;
        private final int hash;
        private Entry next;

        protected Entry(String name) {
            this.name = name;
            this.hash = hashOf(name);
        }

        public final String name() {
            return name;
        }
    }

    private static int hashOf(String name) {
        int hash = name.hashCode();
        return hash ^ (hash >>> 16);
    }

    public int size() {
        return size;
    }

    /** The entry of this name; null if there is none. */
    public E find(String name) {
        int hash = hashOf(name);
        for (Entry entry = slots[hash & (slots.length - 1)]; entry != null; entry = entry.next) {
            if (entry.hash == hash && entry.name.equals(name)) {
                return ours(entry);
            }
        }
        return crowd.isEmpty() ? null : ours(crowd.get(name));
    }

    @SuppressWarnings("unchecked") // only entries of this kind are added
    private E ours(Entry entry) {
        return (E) entry;
    }

    /** Adds an entry whose name is not there yet. */
    public void add(E entry) {
        if (2 * size >= slots.length) {
            grow();
        }
        place(entry);
        size++;
    }

    private void place(Entry entry) {
        int slot = entry.hash & (slots.length - 1);
        int row = 0;
        for (Entry before = slots[slot]; before != null; before = before.next) {
            row++;
        }
        if (row < ROW_MAX) {
            entry.next = slots[slot];
            slots[slot] = entry;
        } else {
            crowd.put(entry.name, entry);
        }
    }

    private void grow() {
        Entry[] before = slots;
        slots = new Entry[2 * before.length];
        for (Entry row : before) {
            Entry entry = row;
            while (entry != null) {
                Entry next = entry.next;
                place(entry);
                entry = next;
            }
        }
    }

    /** Takes the entry out, which must be there. */
    public void remove(E entry) {
        size--;
        if (crowd.remove(entry.name()) != null) {
            return;
        }
        Entry gone = entry;
        int slot = gone.hash & (slots.length - 1);
        if (slots[slot] == gone) {
            slots[slot] = gone.next;
        } else {
            Entry before = slots[slot];
            while (before.next != gone) {
                before = before.next;
            }
            before.next = gone.next;
        }
        gone.next = null;
    }
}
