package io.vmha.recovery.membership;

import io.vmha.recovery.core.Command;
import java.util.List;

/** Where the membership controller writes its decisions; every method returns at once. */
public interface MembershipOutbox {
    /** Proposes a command; at most one per key is under way. The outcome shows in the state. */
    void propose(String key, Command command);

    /** Asks for one safe step towards these voters. The outcome shows in the configuration. */
    void changeVoters(List<String> peerIds);

    /** Asks for the leadership to be handed to this voter. */
    void transferLeadership(String peerId);
}
