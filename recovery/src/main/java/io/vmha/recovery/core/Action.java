package io.vmha.recovery.core;

import java.util.Collections;
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

    /** Asks the voters whether they have applied a person's certificate. Changes nothing. */
    record AskApplied(long term, IncidentId incident, HostName host, long certificateIndex) implements Action {
        @Override
        public String key() {
            return "ask-applied " + host;
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

    /** Lists the host's servers and its evacuations. Changes nothing. */
    record ListServers(long term, IncidentId incident, HostName host) implements Action {
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
     */
    record Evacuate(
            long term,
            IncidentId incident,
            HostName host,
            ServerId server,
            long intentIndex,
            long migrationFloor,
            long notAfterMs)
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
     */
    record Watch(long term, IncidentId incident, HostName host, SortedSet<ServerId> servers) implements Action {
        public Watch {
            servers = Collections.unmodifiableSortedSet(new TreeSet<>(servers));
        }

        @Override
        public String key() {
            return "watch " + host;
        }
    }
}
