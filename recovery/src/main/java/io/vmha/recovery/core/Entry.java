package io.vmha.recovery.core;

/** Where a command stands in the replicated log: the term of the leader that appended it, and its index. */
public record Entry(long term, long index) {}
