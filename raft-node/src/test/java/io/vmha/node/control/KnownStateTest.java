package io.vmha.node.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.node.raft.GroupId;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class KnownStateTest {
    private static final GroupId OLD = new GroupId(new UUID(0, 1));
    private static final GroupId NEW = new GroupId(new UUID(0, 2));

    private final KnownState known = new KnownState();

    @Test
    void onlyANewerStateIsTaken() {
        assertThat(known.take(OLD, 7)).isTrue();

        assertThat(known.isNews(OLD, 7)).isFalse();
        assertThat(known.take(OLD, 6)).isFalse();
        assertThat(known.take(OLD, 8)).isTrue();
        assertThat(known.indexIn(OLD)).isEqualTo(8);
    }

    @Test
    void theStateOfAnotherGroupIsTakenThoughItsLogIsShorter() {
        known.take(OLD, 9_000);

        assertThat(known.indexIn(NEW)).isZero();
        assertThat(known.isNews(NEW, 3)).isTrue();
        assertThat(known.take(NEW, 3)).isTrue();
        assertThat(known.indexIn(NEW)).isEqualTo(3);
    }
}
