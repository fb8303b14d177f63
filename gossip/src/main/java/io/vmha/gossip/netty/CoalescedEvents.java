package io.vmha.gossip.netty;

import io.netty.channel.EventLoop;
import io.vmha.gossip.rpc.EventCoalescer;
import io.vmha.gossip.rpc.RpcMemberEvent;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.UserEvent;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Gives an {@link EventCoalescer} its time; on the gossip thread. */
final class CoalescedEvents {
    private final EventCoalescer coalescer;
    private EventLoop loop;
    private ScheduledFuture<?> timer;

    CoalescedEvents(EventCoalescer.Sink sink) {
        this.coalescer = new EventCoalescer(sink);
    }

    /** From any thread, once. */
    void runOn(EventLoop eventLoop) {
        eventLoop.execute(() -> {
            loop = eventLoop;
            arm();
        });
    }

    private static long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    void onMember(RpcMemberEvent event, Member member) {
        coalescer.onMember(nowMs(), event, member);
        arm();
    }

    void onUserEvent(UserEvent event) {
        coalescer.onUserEvent(nowMs(), event);
        arm();
    }

    private void arm() {
        if (loop == null || timer != null || coalescer.nextDeadlineMs() == Long.MAX_VALUE) {
            return; // nobody can have connected yet, or the timer looks again when it fires
        }
        long delayMs = Math.max(1, coalescer.nextDeadlineMs() - nowMs());
        timer = loop.schedule(this::onTimer, delayMs, TimeUnit.MILLISECONDS);
    }

    private void onTimer() {
        timer = null;
        coalescer.onTimer(nowMs());
        arm();
    }
}
