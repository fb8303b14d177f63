package io.vmha.recovery.core;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/** What came of an {@link Action}. */
public sealed interface Result {
    /** The action that this answers. */
    Action action();

    /** Hands the result to the method that is for its kind. */
    void deliver(long nowMs, Listener listener);

    /** One method per kind, so that a new kind breaks every listener at compile time. */
    interface Listener {
        void onAges(long nowMs, Ages result);

        void onStatements(long nowMs, Statements result);

        void onAppliedBy(long nowMs, AppliedBy result);

        void onSeen(long nowMs, Seen result);

        void onServices(long nowMs, Services result);

        void onPower(long nowMs, Power result);

        void onConfirmed(long nowMs, Confirmed result);

        void onHeldDown(long nowMs, HeldDown result);

        void onServers(long nowMs, Servers result);

        void onEvacuate(long nowMs, EvacuateAnswer result);

        void onSettled(long nowMs, Settled result);

        void onKnocked(long nowMs, Knocked result);

        void onFailure(long nowMs, Failure result);
    }

    /**
     * The voters' statements of age: for each voter that answered, how long each host has not renewed, in milliseconds.
     *
     * @param voters how many voters the group has, answered or not
     */
    record Ages(Action action, SortedMap<String, SortedMap<HostName, Long>> byVoter, int voters) implements Result {
        public Ages {
            byVoter = Collections.unmodifiableSortedMap(new TreeMap<>(byVoter));
        }

        @Override
        public void deliver(long nowMs, Listener listener) {
            listener.onAges(nowMs, this);
        }
    }

    /** The voters' words about one life of a host, of those that answered. */
    record Statements(Action action, List<AgeStatement> statements) implements Result {
        public Statements {
            statements = List.copyOf(statements);
        }

        @Override
        public void deliver(long nowMs, Listener listener) {
            listener.onStatements(nowMs, this);
        }
    }

    /** The voters, by peer id, that have applied a person's certificate. */
    record AppliedBy(Action action, List<String> voters) implements Result {
        public AppliedBy {
            voters = List.copyOf(voters);
        }

        @Override
        public void deliver(long nowMs, Listener listener) {
            listener.onAppliedBy(nowMs, this);
        }
    }

    /** What the voters and the observers have seen. */
    record Seen(Action action, Testimony testimony) implements Result {
        @Override
        public void deliver(long nowMs, Listener listener) {
            listener.onSeen(nowMs, this);
        }
    }

    /** Nova's record of the compute services. */
    record Services(Action action, List<ComputeService> services) implements Result {
        public Services {
            services = List.copyOf(services);
        }

        @Override
        public void deliver(long nowMs, Listener listener) {
            listener.onServices(nowMs, this);
        }
    }

    /** A BMC's answer, to a question or to a power-off. */
    record Power(Action action, BmcStatement statement) implements Result {
        @Override
        public void deliver(long nowMs, Listener listener) {
            listener.onPower(nowMs, this);
        }
    }

    /** The voters that have applied a certificate, and the BMC's second answer, asked after theirs. */
    record Confirmed(Action action, List<String> appliedBy, int voters, BmcStatement statement) implements Result {
        public Confirmed {
            appliedBy = List.copyOf(appliedBy);
        }

        @Override
        public void deliver(long nowMs, Listener listener) {
            listener.onConfirmed(nowMs, this);
        }
    }

    /** Nova holds the host down. */
    record HeldDown(Action action, String detail) implements Result {
        @Override
        public void deliver(long nowMs, Listener listener) {
            listener.onHeldDown(nowMs, this);
        }
    }

    /**
     * Servers as Nova has them, and the evacuations from the host. For a {@link Action.Watch} only those servers that had to be read; one
     * that was asked for, whose evacuation is over and that is missing here has been deleted.
     */
    record Servers(Action action, List<Server> servers, List<ServerId> deleted, List<Migration> migrations)
            implements Result {
        public Servers {
            servers = List.copyOf(servers);
            deleted = List.copyOf(deleted);
            migrations = List.copyOf(migrations);
        }

        @Override
        public void deliver(long nowMs, Listener listener) {
            listener.onServers(nowMs, this);
        }
    }

    /**
     * What Nova said to an evacuate call, or why it was not made.
     *
     * @param ending for ELSEWHERE, how it is there
     * @param detail in words; the task_state alone for BUSY
     */
    record EvacuateAnswer(
            Action.Evacuate action, Outcome outcome, OptionalLong migration, Optional<Ending> ending, String detail)
            implements Result {
        /** The possible outcomes of a call. */
        public enum Outcome {
            /** Nova took it, now or earlier. */
            ACCEPTED,
            /** Nova refused it: nothing is under way. */
            REFUSED,
            /** The call was not made: nothing is under way. */
            NOT_CALLED,
            /** The call was not made: Nova is at work on the server, or died over it and will never be done. */
            BUSY,
            /** Nobody knows: read before asking again. */
            UNKNOWN,
            /** The server is not on the dead host any more: it is elsewhere. */
            ELSEWHERE,
            /** The server does not exist any more. */
            DELETED,
            /** The call must not be made: the server is in a state in which it could run twice, or its owner is deleting it. */
            FORBIDDEN
        }

        @Override
        public void deliver(long nowMs, Listener listener) {
            listener.onEvacuate(nowMs, this);
        }
    }

    /**
     * How far a server has been put back.
     *
     * @param done false if Nova is still at it: look again
     * @param words what was done, or what is not there yet
     */
    record Settled(Action.Settle action, boolean done, String words) implements Result {
        @Override
        public void deliver(long nowMs, Listener listener) {
            listener.onSettled(nowMs, this);
        }
    }

    /** Whether a server listens where it was expected. */
    record Knocked(Action.Knock action, boolean open) implements Result {
        @Override
        public void deliver(long nowMs, Listener listener) {
            listener.onKnocked(nowMs, this);
        }
    }

    /** The action could not be carried out; it changed nothing that is not read again before the next try. */
    record Failure(Action action, String why) implements Result {
        @Override
        public void deliver(long nowMs, Listener listener) {
            listener.onFailure(nowMs, this);
        }
    }
}
