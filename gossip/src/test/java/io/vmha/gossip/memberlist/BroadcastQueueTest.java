package io.vmha.gossip.memberlist;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.wire.Bytes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
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

    /** The queue as memberlist's queue.go describes it, without any cleverness. */
    private static final class PlainQueue {
        private final List<Plain> entries = new ArrayList<>();
        private int lastId;

        private static final class Plain {
            private final String message;
            private final String subject;
            private final int id;
            private int transmits;

            Plain(String message, String subject, int id) {
                this.message = message;
                this.subject = subject;
                this.id = id;
            }
        }

        void replace(String message, String subject) {
            entries.removeIf(entry -> entry.subject.equals(subject));
            entries.add(new Plain(message, subject, ++lastId));
        }

        List<String> take(int limitBytes, int transmitLimit) {
            entries.sort(Comparator.<Plain>comparingInt(entry -> entry.transmits)
                    .thenComparingInt(entry -> -entry.message.length())
                    .thenComparingInt(entry -> -entry.id));
            List<String> taken = new ArrayList<>();
            int free = limitBytes;
            for (Plain entry : entries) {
                if (2 + entry.message.length() <= free) {
                    free -= 2 + entry.message.length();
                    taken.add(entry.message);
                    entry.transmits++;
                }
            }
            entries.removeIf(entry -> entry.transmits >= transmitLimit);
            return taken;
        }
    }

    @Test
    void orderIsThatOfAPlainListWhateverIsAddedReplacedAndTaken() {
        BroadcastQueue large = new BroadcastQueue(1_000);
        PlainQueue plain = new PlainQueue();
        SplittableRandom random = new SplittableRandom(5);

        for (int step = 0; step < 20_000; step++) {
            if (random.nextInt(3) > 0) {
                String subject = "s" + random.nextInt(60);
                String message = step + "x".repeat(random.nextInt(6));
                large.replace(Bytes.utf8(message), subject, () -> {});
                plain.replace(message, subject);
            } else {
                int limitBytes = random.nextInt(120);
                assertThat(large.take(2, limitBytes, 5).stream()
                                .map(Bytes::lenientText)
                                .toList())
                        .isEqualTo(plain.take(limitBytes, 5));
            }
            assertThat(large.size()).isEqualTo(plain.entries.size());
        }
    }
}
