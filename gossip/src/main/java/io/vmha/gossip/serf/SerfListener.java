package io.vmha.gossip.serf;

import io.vmha.gossip.memberlist.JoinResult;
import io.vmha.gossip.wire.Keyring;
import java.net.InetSocketAddress;

/** What the owner of a {@link Serf} hears beyond the pool's events. */
public interface SerfListener extends GossipListener {
    /** The join with this id is over. */
    void onJoinFinished(long joinId, JoinResult result);

    /** Our leave has been told to the others; the node may be stopped. */
    void onLeaveFinished();

    /** The pool rotated its keys: from now on messages are sealed and opened with these. */
    void onKeyringChanged(Keyring keyring);

    /** Somebody at {@code claimant} uses the name of this member. */
    void onNameConflict(Member member, InetSocketAddress claimant);
}
