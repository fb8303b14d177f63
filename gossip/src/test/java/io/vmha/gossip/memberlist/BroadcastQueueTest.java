package io.vmha.gossip.memberlist;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BroadcastQueueTest {
    private final BroadcastQueue queue = new BroadcastQueue(4);
    private final List<String> done = new ArrayList<>();

    private void add(String message) {
        queue.add(Bytes.utf8(message), () -> done.add(message));
    }

    private List<String> take(int limitBytes, int transmitLimit) {
        return queue.take(2, limitBytes, transmitLimit).stream()
                .map(Bytes::lenientText)
                .toList();
    }

    @Test
    void leastSentComesFirstThenTheLongestThenTheNewest() {
        add("aa");
        add("bbbb");
        add("cc");

        assertThat(take(100, 10)).containsExactly("bbbb", "cc", "aa");
        add("d");
        assertThat(take(100, 10)).containsExactly("d", "bbbb", "cc", "aa");
    }

    @Test
    void onlyWhatFitsIsTaken() {
        add("aaaaaaaa");
        add("bbb");
        add("c");

        assertThat(take(8, 10)).containsExactly("bbb", "c");
        assertThat(take(1, 10)).isEmpty();
    }

    @Test
    void messageIsDoneAfterItsNumberOfTransmissions() {
        add("a");

        assertThat(take(100, 2)).containsExactly("a");
        assertThat(done).isEmpty();
        assertThat(take(100, 2)).containsExactly("a");
        assertThat(done).containsExactly("a");
        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    void newsAboutTheSameSubjectReplacesTheOlder() {
        queue.replace(Bytes.utf8("suspect b"), "b", () -> done.add("first"));
        queue.replace(Bytes.utf8("alive b"), "b", () -> done.add("second"));

        assertThat(take(100, 10)).containsExactly("alive b");
        assertThat(done).containsExactly("first");
    }

    @Test
    void fullQueueDropsWhatWasSentMostOften() {
        add("a");
        take(100, 10);
        for (String message : List.of("b", "c", "d", "e")) {
            add(message);
        }

        assertThat(queue.size()).isEqualTo(4);
        assertThat(done).containsExactly("a");
    }

    @Test
    void numberOfTransmissionsGrowsWithTheLogarithmOfTheCluster() {
        assertThat(BroadcastQueue.transmitLimit(4, 1)).isEqualTo(4);
        assertThat(BroadcastQueue.transmitLimit(4, 9)).isEqualTo(4);
        assertThat(BroadcastQueue.transmitLimit(4, 10)).isEqualTo(8);
        assertThat(BroadcastQueue.transmitLimit(4, 99)).isEqualTo(8);
    }
}
