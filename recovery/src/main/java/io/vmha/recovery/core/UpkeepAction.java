package io.vmha.recovery.core;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/** Something that the leader wants done for a living host or its VMs. Blocking, run on an action thread by {@link UpkeepRunner}. */
public sealed interface UpkeepAction {
    /** What is being done to whom; at most one of a key is under way. */
    String key();

    /** The term of the leader that asked. */
    long term();

    /** True if it changes something outside: only a leader whose leadership is proven begins it (S9). */
    default boolean hasEffect() {
        return !(this instanceof LookAtVm
                || this instanceof LookAtHost
                || this instanceof AskComputes
                || this instanceof LookForLateRebuilds);
    }

    /** Reads what Nova has of a VM that fell, and whether the nova-compute of its host is up. */
    record LookAtVm(long term, HostName host, ServerId server, boolean images) implements UpkeepAction {
        @Override
        public String key() {
            return "look " + server;
        }
    }

    /** Asks Nova to restart a VM in place. Its intent is {@link InstanceCommand.BeginRestart}. */
    record RestartVm(long term, HostName host, ServerId server) implements UpkeepAction {
        @Override
        public String key() {
            return "restart " + server;
        }
    }

    /** Reads which of these servers, recovered from a host at a later attempt, a {@link LateRebuild} has broken. */
    record LookForLateRebuilds(long term, HostName source, SortedSet<ServerId> servers) implements UpkeepAction {
        public LookForLateRebuilds {
            servers = Collections.unmodifiableSortedSet(new TreeSet<>(servers));
        }

        @Override
        public String key() {
            return "late-rebuilds " + source;
        }
    }

    /**
     * Has Nova call a server active that runs, or have it again as it was left. Its intent is {@link InstanceCommand.NoteLateRebuild}.
     *
     * @param rest how it was left; {@code AS_IT_COMES} if it runs
     */
    record ResetRecord(long term, LateRebuild late, Rest rest) implements UpkeepAction {
        /** The host where Nova has it. */
        HostName host() {
            return late.server().host();
        }

        ServerId server() {
            return late.server().id();
        }

        @Override
        public String key() {
            return "reset " + server();
        }
    }

    /** Reads which nova-computes are up. */
    record AskComputes(long term) implements UpkeepAction {
        @Override
        public String key() {
            return "ask-computes";
        }
    }

    /**
     * Reads what Nova has of a host that is drained.
     *
     * @param moving the servers of which Nova is asked even if they are not on the host any more
     */
    record LookAtHost(long term, HostName host, SortedSet<ServerId> moving) implements UpkeepAction {
        public LookAtHost {
            moving = Collections.unmodifiableSortedSet(new TreeSet<>(moving));
        }

        @Override
        public String key() {
            return "look " + host;
        }
    }

    /** Keeps Nova's scheduler from a host. Its intent is {@link DrainCommand.NoteDisabling}. */
    record DisableHost(long term, HostName host, String reason) implements UpkeepAction {
        @Override
        public String key() {
            return "disable " + host;
        }
    }

    /** Lets Nova schedule to a host again. Its intent is {@link DrainCommand.UndoDrain}. */
    record EnableHost(long term, HostName host) implements UpkeepAction {
        @Override
        public String key() {
            return "enable " + host;
        }
    }

    /** Asks Nova to move a VM. Its intent is {@link DrainCommand.BeginMove}. */
    record MoveVm(long term, HostName host, ServerId server, boolean cold) implements UpkeepAction {
        @Override
        public String key() {
            return "move " + server;
        }
    }

    /** Ends the cold migration of a VM for good; part of the same intent. */
    record ConfirmMove(long term, HostName host, ServerId server) implements UpkeepAction {
        @Override
        public String key() {
            return "confirm " + server;
        }
    }

    /** Cuts the power of a host for a drill. Its intent is {@link DrillCommand.BeginDrill}. */
    record CutPower(long term, HostName host) implements UpkeepAction {
        @Override
        public String key() {
            return "cut " + host;
        }
    }

    /** Gives a host its power back after a drill. */
    record RestorePower(long term, HostName host) implements UpkeepAction {
        @Override
        public String key() {
            return "power " + host;
        }
    }
}
