package io.vmha.sim.recovery;

import io.vmha.node.gate.Gate;
import io.vmha.recovery.core.Action;
import io.vmha.recovery.core.AgeStatement;
import io.vmha.recovery.core.Arming;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.Electorate;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.Migration;
import io.vmha.recovery.core.RecoveryConfig;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.Testimony;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;

/** A version of the product with one safety rule taken out, to prove that the rules' checkers can find its absence. */
interface Mutant {
    /** The product as it is. */
    Mutant NONE = new Mutant() {};

    default Raft.Applier applier() {
        return RecoveryState::apply;
    }

    default RecoveryConfig config() {
        return RecoveryConfig.DEFAULT;
    }

    /** What a host says of its guard. */
    default Arming claim(Arming truth) {
        return truth;
    }

    /** From when an answer counts towards the lease. */
    default long countsFrom(long sentAtMs, long receivedAtMs) {
        return sentAtMs;
    }

    /** The voters that an answer tells of. */
    default Electorate told(Electorate told, String voter) {
        return told;
    }

    /** Whether the guard stops anything when the lease ends. */
    default boolean guardPauses() {
        return true;
    }

    /** How long after its decision the guard may resume a VM. */
    default long resumesAfterMostMs() {
        return 200;
    }

    /** Whether the guard resumes without looking at the deadline again. */
    default boolean resumesBlindly() {
        return false;
    }

    /** Whether a voter finds its seals again after a restart. */
    default boolean keepsSeals() {
        return true;
    }

    /** Whether the guard kills a process whose leadership is not proven any more (S9). */
    default boolean guardKillsCallers() {
        return true;
    }

    /** Whether a caller takes the term of a decision for standing. */
    default boolean termStands(boolean truth) {
        return truth;
    }

    /** What becomes of the gate's verdict. */
    default Gate.Verdict gate(Gate.Verdict truth) {
        return truth;
    }

    /** Whether a host returns though a live migration was under way when it died, as if a person wanted it. */
    default boolean returnsOverMigrations() {
        return false;
    }

    /** What a sweep sees of the guests of its host. */
    default List<Hypervisor.Domain> swept(List<Hypervisor.Domain> domains) {
        return domains;
    }

    /** What the hypervisor says has become of a guest that has no process. */
    default Hypervisor.Fate fate(Hypervisor.Fate truth) {
        return truth;
    }

    /** What a host says that runs on it. */
    default List<ServerId> claimed(List<ServerId> running) {
        return running;
    }

    /** What the readmission of a host sees of Nova's services. */
    default List<ComputeService> seenServices(List<ComputeService> services) {
        return services;
    }

    /** A voter's word, and how long it really has not answered the host. */
    default AgeStatement stated(AgeStatement said, long unansweredMs) {
        return said;
    }

    /** What the caller sees of a server. */
    default Optional<Server> seen(Optional<Server> server) {
        return server;
    }

    /** What upkeep sees of the servers on a host. */
    default List<Server> listed(List<Server> servers) {
        return servers;
    }

    /** What upkeep sees of a server. */
    default Optional<Server> seenByUpkeep(Optional<Server> server) {
        return server;
    }

    /** What upkeep and the work on reserved hosts see of Nova's services. */
    default List<ComputeService> seenByUpkeep(List<ComputeService> services) {
        return services;
    }

    /** What upkeep sees of the evacuations from a host. */
    default List<Migration> lateSeen(List<Migration> migrations) {
        return migrations;
    }

    /** Where the guards say that guests run, which Nova has on these hosts. */
    default SortedMap<ServerId, SortedSet<HostName>> heldBy(
            SortedMap<ServerId, HostName> homes, SortedMap<ServerId, SortedSet<HostName>> holders) {
        return holders;
    }

    /** What the leader hears of the voters' testimony. */
    default Testimony seen(Testimony testimony) {
        return testimony;
    }

    /** What an action sees of the migrations. */
    default List<Migration> seen(Action action, List<Migration> migrations) {
        return migrations;
    }
}
