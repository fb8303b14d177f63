package io.vmha.testcluster.ring;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An agent noticed something about a member.
 *
 * @param atNanos when the line came out of the agent, on our clock
 */
record Sighting(String event, String member, long atNanos) {
    static final String JOIN = "EventMemberJoin";
    static final String LEAVE = "EventMemberLeave";
    static final String FAILED = "EventMemberFailed";

    private static final Pattern LINE = Pattern.compile("\\b(EventMember(?:Join|Leave|Failed)): (\\S+)");

    /** What a line of an agent's log says; nothing if it is about something else. */
    static Optional<Sighting> in(String line, long atNanos) {
        Matcher found = LINE.matcher(line);
        return found.find() ? Optional.of(new Sighting(found.group(1), found.group(2), atNanos)) : Optional.empty();
    }

    boolean is(String wantedEvent, String wantedMember) {
        return event.equals(wantedEvent) && member.equals(wantedMember);
    }
}
