package io.vmha.node.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vmha.node.kv.KvQuestion;
import io.vmha.node.kv.Touched;
import io.vmha.node.raft.GroupId;
import io.vmha.node.view.KeysException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KvWatchersTest {
    private final KvWatchers watchers = new KvWatchers();

    @Test
    void asManyMayWaitAsTheLimitSaysAndTheNextOneIsToldSo() {
        List<KvWatchers.Watcher> waiting = new ArrayList<>();
        for (int i = 0; i < KvWatchers.WATCHERS_MAX; i++) {
            waiting.add(watchers.watch(new KvQuestion.OneKey("k" + i)));
        }

        KeysException refused =
                catchThrowableOfType(KeysException.class, () -> watchers.watch(new KvQuestion.OneKey("one more")));

        assertThat(refused.kind()).isEqualTo(KeysException.Kind.TOO_MANY);
        assertThat(refused).hasMessageContaining("at most 128 clients may wait");
        waiting.get(7).close();
        watchers.watch(new KvQuestion.OneKey("one more"));
        assertThat(watchers.size()).isEqualTo(KvWatchers.WATCHERS_MAX);
    }

    @Test
    void onlyThoseWhomAChangeConcernsAreWoken() {
        var a = watchers.watch(new KvQuestion.OneKey("a")).next();
        var b = watchers.watch(new KvQuestion.OneKey("b")).next();
        var all = watchers.watch(new KvQuestion.Tree("")).next();

        watchers.onTouched(new Touched(5, List.of("a"), List.of(), false));

        assertThat(a).isDone();
        assertThat(b).isNotDone();
        assertThat(all).isDone();
    }

    @Test
    void changesOfANewGroupAreAskedForFromItsBeginning() {
        var old = GroupId.parse("00000000-0000-4000-8000-000000000001");
        var fresh = GroupId.parse("00000000-0000-4000-8000-000000000002");
        watchers.onTold(old, 5_000, List.of());
        watchers.onTold(old, 4_000, List.of()); // of a voter that is behind

        assertThat(watchers.toldIn(old)).isEqualTo(5_000);
        assertThat(watchers.toldIn(fresh)).as("its log has not come so far").isZero();

        var a = watchers.watch(new KvQuestion.OneKey("a")).next();
        watchers.onTold(fresh, 7, List.of(new Touched(7, List.of("a"), List.of(), false)));

        assertThat(a).isDone();
        assertThat(watchers.toldIn(fresh)).isEqualTo(7);
    }
}
