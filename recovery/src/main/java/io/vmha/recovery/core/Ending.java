package io.vmha.recovery.core;

/** How a VM's recovery ended (S13): exactly one of these, never taken back. */
public record Ending(Kind kind, String detail) {
    /** The three endings. */
    public enum Kind {
        /** It runs (or stands, if it was stopped) on another host. */
        RECOVERED,
        /** It was left where it is, on purpose; the detail says why. */
        LEFT,
        /** It could not be recovered; the detail says what was tried. */
        FAILED
    }

    /** The server is on another host than the dead one, or on none. */
    static Ending elsewhere(HostName host) {
        return host.equals(Server.NO_HOST)
                ? new Ending(Kind.LEFT, "it is on no host any more: shelved or unscheduled meanwhile")
                : recovered(host);
    }

    /**
     * The same of one that nobody works on any more: in error it is not recovered, wherever it is. One that was running and is not there is told
     * of: its owner may have stopped it, or its guest has gone.
     *
     * @param shouldRun whether it was running on the dead host, and nothing else is wanted
     */
    static Ending arrived(Server server, boolean shouldRun) {
        if (server.vmState().equals("error")) {
            String why = server.traits().fault().map(fault -> ": " + fault).orElse("");
            return new Ending(Kind.FAILED, "it arrived on " + server.host() + " in state error" + why);
        }
        Ending ending = elsewhere(server.host());
        return ending.kind() == Kind.RECOVERED && shouldRun && !server.vmState().equals("active")
                ? ending.with("it was ACTIVE and is " + server.vmState() + " there")
                : ending;
    }

    /** The same ending with something more to say. */
    Ending with(String remark) {
        return remark.isEmpty() ? this : new Ending(kind, detail + "; " + remark);
    }

    static Ending recovered(HostName destination) {
        return new Ending(Kind.RECOVERED, destination.value());
    }
}
