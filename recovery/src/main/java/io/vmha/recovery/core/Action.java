package io.vmha.recovery.core;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Something that the leader wants done outside: a blocking call or a few of them, run on an action thread by {@link ActionRunner}. Its
 * {@link Result} comes back to the controller. At most one action per {@link #key} is under way.
 */
public sealed interface Action {
    /** What is being done to whom; equal for a repetition of the same work. */
    String key();

    /** The term of the leader that asked. A result for an older term is ignored. */
    long term();

    /** True if it changes something outside: it is begun only by a leader whose leadership is proven (S9). */
    default boolean hasEffect() {
        return this instanceof PowerOff
                || this instanceof ConfirmOff
                || this instanceof ForceDown
                || this instanceof Evacuate
                || this instanceof Settle;
    }

    /** Asks every voter how long these hosts have not renewed. Changes nothing. */
    record AskVoters(long term, SortedSet<HostName> hosts) implements Action {
        public AskVoters {
            hosts = Collections.unmodifiableSortedSet(new TreeSet<>(hosts));
        }

        @Override
        public String key() {
            return "ask-voters";
        }
    }

    /** Asks every voter for its {@link AgeStatement} about one life of a host. Changes nothing. */
    record StateAges(long term, IncidentId incident, HostName host, long epoch) implements Action {
        @Override
        public String key() {
            return "state-ages " + host;
        }
    }

    /**
     * Asks the voters whether they have applied the entry that seals a host, or a person's certificate about it. Changes nothing.
     *
     * @param index of that entry
     */
    record AskApplied(long term, IncidentId incident, HostName host, long index) implements Action {
        @Override
        public String key() {
            return "ask-applied " + host;
        }
    }

    /**
     * Has the voters look closely at some hosts, and asks what they and the observers have seen. Changes nothing.
     *
     * @param alsoLookAt all that may have been lost in the same cut
     */
    record Observe(long term, SortedSet<HostName> hosts, SortedSet<HostName> alsoLookAt) implements Action {
        public Observe {
            hosts = Collections.unmodifiableSortedSet(new TreeSet<>(hosts));
            alsoLookAt = Collections.unmodifiableSortedSet(new TreeSet<>(alsoLookAt));
        }

        @Override
        public String key() {
            return "observe";
        }
    }

    /** Reads Nova's record of the compute services, to see whose heartbeat still moves. Changes nothing. */
    record AskNova(long term) implements Action {
        @Override
        public String key() {
            return "ask-nova";
        }
    }

    /** Asks a host's BMC for the power state. Changes nothing. */
    record AskPower(long term, HostName host) implements Action {
        @Override
        public String key() {
            return "ask-power " + host;
        }
    }

    /** Powers a host off. Its intent is {@link IncidentCommand.BeginFence}. */
    record PowerOff(long term, IncidentId incident, HostName host) implements Action {
        @Override
        public String key() {
            return "power-off " + host;
        }
    }

    /** Asks the voters whether they have applied the certificate, and then the BMC a second time. */
    record ConfirmOff(long term, IncidentId incident, HostName host, long certificateIndex) implements Action {
        @Override
        public String key() {
            return "confirm-off " + host;
        }
    }

    /** Tells Nova that the host is down, then disables it. Its intent is {@link IncidentCommand.BeginForceDown}. */
    record ForceDown(long term, IncidentId incident, HostName host) implements Action {
        @Override
        public String key() {
            return "force-down " + host;
        }
    }

    /**
     * Lists the host's servers and its evacuations. Changes nothing.
     *
     * @param images whether the servers' images decide about them as well
     */
    record ListServers(long term, IncidentId incident, HostName host, boolean images) implements Action {
        @Override
        public String key() {
            return "list " + host;
        }
    }

    /**
     * Asks Nova to evacuate one server. Its intent is {@link VmCommand.BeginEvacuation}.
     *
     * @param intentIndex the log index of the intent, which names the attempt
     * @param migrationFloor newer migrations than this belong to the attempt
     * @param notAfterMs on the leader's monotonic clock; the call is not made later, because by then another leader may be calling (S9)
     * @param shouldRun whether a server that has come elsewhere by itself should be running there
     * @param preparation what has to be done to the server's record first
     */
    record Evacuate(
            long term,
            IncidentId incident,
            HostName host,
            ServerId server,
            long intentIndex,
            long migrationFloor,
            long notAfterMs,
            boolean shouldRun,
            Preparation preparation)
            implements Action {
        @Override
        public String key() {
            return "evacuate " + server + " " + intentIndex;
        }
    }

    /**
     * Reads how the evacuations of a host are getting on. Changes nothing.
     *
     * @param servers the servers whose evacuation is under way
     * @param closely one of them, whose evacuation takes long: it is looked at itself, and at what Nova has noted about it
     */
    record Watch(long term, IncidentId incident, HostName host, SortedSet<ServerId> servers, Optional<ServerId> closely)
            implements Action {
        public Watch {
            servers = Collections.unmodifiableSortedSet(new TreeSet<>(servers));
        }

        @Override
        public String key() {
            return "watch " + host;
        }
    }

    /**
     * What an evacuate call needs before it.
     *
     * @param lock whether the server is to be locked against its owner; it is not if it was locked before
     * @param staleTask the task_state that nobody is at work on any more: it may be cleared. A server that has another one is left alone
     */
    record Preparation(boolean lock, Optional<String> staleTask) {}

    /**
     * Puts back what was changed about a server: the state in which its owner had left it, then our lock. Its intent is
     * {@link VmCommand.VmEnded}.
     *
     * @param rest how it shall stand
     * @param unlock whether the lock is ours
     */
    record Settle(long term, IncidentId incident, HostName host, ServerId server, Rest rest, boolean unlock)
            implements Action {
        @Override
        public String key() {
            return "settle " + server;
        }
    }

    /** Looks whether a recovered server listens at an address of its own. Changes nothing. */
    record Knock(long term, ServerId server, String address) implements Action {
        @Override
        public String key() {
            return "knock " + server;
        }
    }

    /** What a server that is being recovered is locked with. */
    static String lockReason(IncidentId incident) {
        return Readmission.reason(incident);
    }

    /** Whether it is locked by an incident: an earlier one, where nobody has locked it since, whose end could not take the lock away. */
    static boolean isOurLock(Server server) {
        return server.locked()
                && server.traits()
                        .lockedReason()
                        .filter(reason -> reason.startsWith(Readmission.INCIDENT + " "))
                        .isPresent();
    }
}
