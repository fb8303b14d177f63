package io.vmha.recovery.core;

/**
 * One line of an incident's story.
 *
 * @param atMs wall-clock time of the node that said it, in milliseconds since 1970; for reading only, nothing is decided on it
 * @param index the log index of the command that wrote it
 */
public record Note(long atMs, long index, String text) {}
