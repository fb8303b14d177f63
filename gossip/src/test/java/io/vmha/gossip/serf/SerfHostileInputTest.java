package io.vmha.gossip.serf;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.memberlist.MemberlistStats;
import io.vmha.gossip.serf.TestPool.Peer;
import io.vmha.gossip.wire.Corpus;
import io.vmha.gossip.wire.Corpus.Frame;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.PacketCodec;
import io.vmha.gossip.wire.StreamCodec;
import io.vmha.gossip.wire.WireFormatException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A running node that hears captured traffic of foreign pools, true and damaged: it never breaks and never believes that it is dead. */
final class SerfHostileInputTest {
    private static final long SEED = Long.getLong("wire.seed", 4242);
    private static final int ROUNDS = Integer.getInteger("wire.rounds", 8_000);

    private final TestPool pool = new TestPool();

    @Test
    void nodeSurvivesCapturedAndDamagedTraffic() {
        Random random = new Random(SEED);
        Peer us = pool.add("node3"); // the name of a node that the captures accuse
        List<Message> messages = captured(random);
        for (int round = 0; round < ROUNDS; round++) {
            Message message = messages.get(random.nextInt(messages.size()));
            if (message instanceof Message.PushPull || random.nextInt(20) == 0) {
                us.serf().onStreamRequest(pool.nowMs(), round, message);
            } else {
                us.serf().onMessage(pool.nowMs(), TestPool.address(50), message);
            }
            pool.run(random.nextInt(100));
        }

        Member self = us.serf().members().stream()
                .filter(member -> member.name().equals("node3"))
                .findFirst()
                .orElseThrow();
        MemberlistStats stats = us.serf().memberlistStats();
        System.out.println("members " + us.serf().members().size() + " " + stats);
        assertThat(self.status()).isEqualTo(MemberStatus.ALIVE);
        assertThat(self.address()).isEqualTo(us.address().getAddress());
        assertThat(stats.refutations()).isPositive();
        assertThat(stats.pauses()).isZero();
    }

    private static List<Message> captured(Random random) {
        List<Message> messages = new ArrayList<>();
        for (Frame frame : Corpus.frames()) {
            for (int copy = 0; copy < 3; copy++) {
                byte[] content = frame.content();
                if (copy > 0) {
                    content[random.nextInt(content.length)] = (byte) random.nextInt(256);
                }
                try {
                    messages.addAll(decode(frame, content));
                } catch (WireFormatException refused) {
                    assertThat(copy).as("only damaged frames are refused").isPositive();
                }
            }
        }
        return messages;
    }

    private static List<Message> decode(Frame frame, byte[] content) {
        if (frame.datagram()) {
            return new PacketCodec(frame.settings()).decode(content).messages();
        }
        return new StreamCodec(frame.settings())
                .decoder(frame.sender()).feed(content, 0, content.length).stream()
                        .toList();
    }
}
