package io.vmha.gossip.serf;

import io.vmha.gossip.memberlist.JoinResult;
import io.vmha.gossip.wire.Keyring;
import java.net.InetSocketAddress;
import java.util.function.Consumer;

/** What the owner of a {@link Serf} hears beyond the pool's events. */
public interface SerfListener extends GossipListener {
    /** The join with this id is over. */
    void onJoinFinished(long joinId, JoinResult result);

    /** Our leave has been told to the others; the node may be stopped. */
    void onLeaveFinished();

    /** The pool rotated its keys: from now on messages are sealed and opened with these. */
    void onKeyringChanged(Keyring keyring);

    /**
     * Keeps the changed keys over a restart. The pool is told that we changed them only after that.
     *
     * @param onStored to be called on the thread that owns Serf: with nothing, or with the reason why it was not possible
     */
    default void storeKeyring(Keyring keyring, Consumer<String> onStored) {
        onStored.accept("");
    }

    /** Somebody at {@code claimant} uses the name of this member. */
    void onNameConflict(Member member, InetSocketAddress claimant);
}
