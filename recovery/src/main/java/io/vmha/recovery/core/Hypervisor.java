package io.vmha.recovery.core;

import java.util.List;

/** The guests of this host. Calls block, end within their own time limit, and throw {@link HypervisorException}. */
public interface Hypervisor {
    /**
     * One guest that has a process here.
     *
     * @param id Nova's UUID of the server, which libvirt has as the domain's
     * @param running false while it is paused
     */
    record Domain(ServerId id, String name, boolean running) {}

    /**
     * What has become of a guest.
     *
     * @param words as the hypervisor puts it
     */
    record Fate(Kind kind, String words) {
        /** The kinds. */
        public enum Kind {
            /** It has a process, running or paused. */
            LIVES,
            /** Its process has ended without having been told to. */
            CRASHED,
            /** It was shut down, from inside or from outside, or was never here, or has moved away. */
            ENDED
        }
    }

    /** What has become of a guest that is or was here. */
    Fate fate(ServerId id);

    /** The guests that are known here and have no process, crashed or not; at most some hundreds. */
    List<ServerId> withoutProcess();

    /** All guests that have a process, running or paused. */
    List<Domain> domains();

    /** Pauses a guest: it writes nothing until somebody resumes it. Without effect if there is none, or if it is paused. */
    void suspend(ServerId id);

    /** Ends a guest's process at once. Without effect if there is none. */
    void destroy(ServerId id);
}
