package io.vmha.gossip.serf;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is worth remembering over a restart: who was alive and where, and how far the Lamport clocks were. Kept as the lines of serf's
 * snapshot.go, of which the later ones win.
 */
public final class Snapshot {
    /** Members that are remembered; far more than are needed to find the pool again. */
    private static final int MEMBERS_MAX = 16_384;

    private static final String ALIVE = "alive: ";
    private static final String NOT_ALIVE = "not-alive: ";
    private static final String CLOCK = "clock: ";
    private static final String EVENT_CLOCK = "event-clock: ";
    private static final String QUERY_CLOCK = "query-clock: ";
    private static final String LEAVE = "leave";

    private final SortedMap<String, String> alive = new TreeMap<>();
    private Times times = new Times(0, 0, 0);
    private boolean left;

    /** The latest Lamport times that were seen: of intents, user events and queries. */
    public record Times(long clock, long eventClock, long queryClock) {}

    /** The addresses of the members that were alive, by their names. */
    public SortedMap<String, String> alive() {
        return new TreeMap<>(alive);
    }

    public int size() {
        return alive.size();
    }

    public Times times() {
        return times;
    }

    /** The node said goodbye before it stopped. */
    public boolean hasLeft() {
        return left;
    }

    /**
     * Notes that a member is alive at this address, and returns the line that says so; nothing if there is nothing to write.
     *
     * @param address as {@code ip:port}
     */
    public String onAlive(String name, String address) {
        left = false;
        boolean known = address.equals(alive.get(name));
        boolean full = alive.size() >= MEMBERS_MAX && !alive.containsKey(name);
        if (known || full || !isWritable(name)) {
            return "";
        }
        alive.put(name, address);
        return ALIVE + name + " " + address + "\n";
    }

    /** A name is a stranger's choice; one with a line break in it would be read as lines of ours. */
    private static boolean isWritable(String name) {
        return !name.isEmpty()
                && name.chars().noneMatch(c -> Character.isISOControl(c) || c == '\u2028' || c == '\u2029');
    }

    /** Notes that a member is not alive any more. */
    public String onNotAlive(String name) {
        return alive.remove(name) == null ? "" : NOT_ALIVE + name + "\n";
    }

    /** Notes how far the clocks are. */
    public String onTimes(Times now) {
        Times before = times;
        times = now;
        return (now.clock() == before.clock() ? "" : CLOCK + now.clock() + "\n")
                + (now.eventClock() == before.eventClock() ? "" : EVENT_CLOCK + now.eventClock() + "\n")
                + (now.queryClock() == before.queryClock() ? "" : QUERY_CLOCK + now.queryClock() + "\n");
    }

    /** Notes that we said goodbye. */
    public String onLeft() {
        left = true;
        return LEAVE + "\n";
    }

    /** Everything in as few lines as possible. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (Map.Entry<String, String> member : alive.entrySet()) {
            lines.add(ALIVE + member.getKey() + " " + member.getValue() + "\n");
        }
        lines.add(CLOCK + times.clock() + "\n");
        lines.add(EVENT_CLOCK + times.eventClock() + "\n");
        lines.add(QUERY_CLOCK + times.queryClock() + "\n");
        return lines;
    }

    /** Takes one line of the file, without its end. What cannot be understood is left out: the last line may be cut. */
    public void replay(String line) {
        if (line.startsWith(ALIVE)) {
            int space = line.lastIndexOf(' ');
            if (space > ALIVE.length()) {
                onAlive(line.substring(ALIVE.length(), space), line.substring(space + 1));
            }
        } else if (line.startsWith(NOT_ALIVE)) {
            alive.remove(line.substring(NOT_ALIVE.length()));
        } else if (line.startsWith(CLOCK)) {
            times = new Times(number(line, CLOCK, times.clock()), times.eventClock(), times.queryClock());
        } else if (line.startsWith(EVENT_CLOCK)) {
            times = new Times(times.clock(), number(line, EVENT_CLOCK, times.eventClock()), times.queryClock());
        } else if (line.startsWith(QUERY_CLOCK)) {
            times = new Times(times.clock(), times.eventClock(), number(line, QUERY_CLOCK, times.queryClock()));
        } else if (line.equals(LEAVE)) {
            left = true;
        }
    }

    private static long number(String line, String prefix, long otherwise) {
        String digits = line.substring(prefix.length());
        return digits.matches("[0-9]{1,18}") ? Long.parseLong(digits) : otherwise;
    }
}
