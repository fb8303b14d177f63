package io.vmha.gossip.netty;

import io.vmha.gossip.memberlist.JoinResult;
import io.vmha.gossip.serf.GossipListener;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.Query;
import io.vmha.gossip.serf.SerfListener;
import io.vmha.gossip.serf.UserEvent;
import io.vmha.gossip.wire.Keyring;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes the story of the pool into the log and hands the events on; a listener that throws harms itself only. */
final class PoolEvents implements SerfListener {
    private static final Logger LOG = LoggerFactory.getLogger(PoolEvents.class);

    private final List<GossipListener> listeners;
    private final Traffic traffic;
    private final BiConsumer<Long, JoinResult> onJoinFinished;
    private final Runnable onLeft;
    private final Consumer<Keyring> onKeys;
    private final BiConsumer<Keyring, Consumer<String>> onStore;
    private long conflicts;

    PoolEvents(
            List<GossipListener> listeners,
            Traffic traffic,
            BiConsumer<Long, JoinResult> onJoinFinished,
            Runnable onLeft,
            Consumer<Keyring> onKeys,
            BiConsumer<Keyring, Consumer<String>> onStore) {
        this.listeners = listeners;
        this.traffic = traffic;
        this.onJoinFinished = onJoinFinished;
        this.onLeft = onLeft;
        this.onKeys = onKeys;
        this.onStore = onStore;
    }

    private void handOn(Consumer<GossipListener> event) {
        for (GossipListener listener : listeners) {
            try {
                event.accept(listener);
            } catch (RuntimeException defect) {
                traffic.internalError(defect);
            }
        }
    }

    @Override
    public void onJoin(Member member) {
        LOG.info("member joined member={} address={}:{}", member.name(), member.address(), member.port());
        handOn(listener -> listener.onJoin(member));
    }

    @Override
    public void onLeave(Member member) {
        LOG.info("member left member={}", member.name());
        handOn(listener -> listener.onLeave(member));
    }

    @Override
    public void onFailed(Member member) {
        LOG.info("member failed member={} incarnation={}", member.name(), member.incarnation());
        handOn(listener -> listener.onFailed(member));
    }

    @Override
    public void onReap(Member member) {
        LOG.info("member forgotten member={} status={}", member.name(), member.status());
        handOn(listener -> listener.onReap(member));
    }

    @Override
    public void onUpdate(Member member) {
        LOG.info("member updated member={} tags={}", member.name(), member.tags());
        handOn(listener -> listener.onUpdate(member));
    }

    @Override
    public void onSuspect(Member member) {
        LOG.info("member suspected member={} incarnation={}", member.name(), member.incarnation());
        handOn(listener -> listener.onSuspect(member));
    }

    @Override
    public void onRefuted(Member member) {
        LOG.info("suspicion refuted member={} incarnation={}", member.name(), member.incarnation());
        handOn(listener -> listener.onRefuted(member));
    }

    @Override
    public void onUserEvent(UserEvent event) {
        LOG.debug("user event name={} bytes={}", event.name(), event.payload().length());
        handOn(listener -> listener.onUserEvent(event));
    }

    @Override
    public void onQuery(Query query) {
        LOG.debug(
                "query name={} from={} bytes={}",
                query.name(),
                query.from(),
                query.payload().length());
        handOn(listener -> listener.onQuery(query));
    }

    @Override
    public void onNameLost() {
        LOG.error("most of the pool knows another member by our name; rename one of the two");
        handOn(GossipListener::onNameLost);
    }

    @Override
    public void onKeyringChanged(Keyring keyring) {
        LOG.info("gossip keys changed keys={}", keyring.keys().size());
        onKeys.accept(keyring);
    }

    @Override
    public void storeKeyring(Keyring keyring, Consumer<String> onStored) {
        onStore.accept(keyring, onStored);
    }

    @Override
    public void onJoinFinished(long joinId, JoinResult result) {
        onJoinFinished.accept(joinId, result);
    }

    @Override
    public void onLeaveFinished() {
        LOG.info("gossip left the pool");
        onLeft.run();
    }

    @Override
    public void onNameConflict(Member member, InetSocketAddress claimant) {
        conflicts++;
        if (Long.bitCount(conflicts) == 1) {
            LOG.warn(
                    "two members with one name; rename one of them member={} address={}:{} other={} times={}",
                    member.name(),
                    member.address(),
                    member.port(),
                    claimant,
                    conflicts);
        }
    }
}
