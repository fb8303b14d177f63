package io.vmha.recovery.membership;

import io.vmha.recovery.core.HostName;

/** A voter of the configuration in force. */
public record Voter(HostName host, String peerId) {}
