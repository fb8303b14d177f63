package io.vmha.gossip.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.MemberStatus;
import io.vmha.gossip.serf.UserEvent;
import io.vmha.gossip.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Events gathered as Serf gathers them: coalesce_member_test.go and coalesce_user_test.go, and the bounds. */
final class EventCoalescerTest {
    private final List<String> told = new ArrayList<>();
    private final EventCoalescer coalescer = new EventCoalescer(new EventCoalescer.Sink() {
        @Override
        public void onMembers(RpcMemberEvent event, List<Member> members) {
            told.add(event + " " + members.stream().map(Member::name).toList());
        }

        @Override
        public void onUserEvent(UserEvent event) {
            told.add(event.name() + "@" + event.ltime() + " " + event.payload().length());
        }
    });

    private void member(long nowMs, RpcMemberEvent event, String name) {
        coalescer.onMember(nowMs, event, RpcSessionTest.member(name, MemberStatus.ALIVE));
    }

    private void user(long nowMs, String name, long ltime, int bytes, boolean coalesce) {
        coalescer.onUserEvent(nowMs, new UserEvent(name, Bytes.copyOf(new byte[bytes]), ltime, coalesce));
    }

    @Test
    void theLatestOfEachMemberIsToldOnceItIsQuiet() {
        member(0, RpcMemberEvent.JOIN, "a");
        member(500, RpcMemberEvent.LEAVE, "b");
        member(600, RpcMemberEvent.LEAVE, "a");
        member(700, RpcMemberEvent.JOIN, "c");

        coalescer.onTimer(1_699);
        assertThat(told).isEmpty();
        assertThat(coalescer.nextDeadlineMs()).isEqualTo(1_700);
        coalescer.onTimer(1_700);

        assertThat(told).containsExactly("JOIN [c]", "LEAVE [a, b]");
        assertThat(coalescer.nextDeadlineMs()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void itIsToldAtTheLatestThreeSecondsAfterTheFirst() {
        for (long nowMs = 0; nowMs < 3_000; nowMs += 900) {
            member(nowMs, RpcMemberEvent.JOIN, "m" + nowMs);
            coalescer.onTimer(nowMs);
        }
        assertThat(told).isEmpty();

        coalescer.onTimer(3_000);

        assertThat(told).containsExactly("JOIN [m0, m900, m1800, m2700]");
    }

    @Test
    void whatWasToldOfAMemberLastIsNotToldAgainUnlessItsTagsChanged() {
        member(0, RpcMemberEvent.JOIN, "a");
        coalescer.onTimer(1_000);
        member(2_000, RpcMemberEvent.FAILED, "a");
        member(2_100, RpcMemberEvent.JOIN, "a"); // a flap within the window is no news
        coalescer.onTimer(3_100);
        member(4_000, RpcMemberEvent.UPDATE, "a");
        coalescer.onTimer(5_000);
        member(6_000, RpcMemberEvent.UPDATE, "a");
        coalescer.onTimer(7_000);

        assertThat(told).containsExactly("JOIN [a]", "UPDATE [a]", "UPDATE [a]");
    }

    @Test
    void ofUserEventsOfOneNameThoseWithTheLatestTimeAreTold() {
        user(0, "deploy", 1, 1, true);
        user(10, "deploy", 3, 3, true);
        user(20, "deploy", 2, 2, true);
        user(30, "deploy", 3, 4, true);
        user(40, "other", 1, 5, true);

        coalescer.onTimer(1_040);

        assertThat(told).containsExactly("deploy@3 3", "deploy@3 4", "other@1 5");
    }

    @Test
    void userEventThatItsSenderDidNotMarkIsToldAtOnce() {
        user(0, "now", 7, 1, false);

        assertThat(told).containsExactly("now@7 1");
        assertThat(coalescer.nextDeadlineMs()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void floodOfNamesIsNotGathered() {
        for (int i = 0; i <= EventCoalescer.EVENTS_MAX; i++) {
            user(0, "e" + i, 1, 0, true);
        }
        assertThat(told).containsExactly("e" + EventCoalescer.EVENTS_MAX + "@1 0");

        coalescer.onTimer(1_000);

        assertThat(told).hasSize(EventCoalescer.EVENTS_MAX + 1);
    }
}
