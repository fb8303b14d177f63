package io.vmha.gossip.memberlist;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class NameTableTest {
    private final NameTable<Named> table = new NameTable<>();

    private static final class Named extends NameTable.Entry {
        Named(String name) {
            super(name);
        }
    }

    private List<Named> add(List<String> names) {
        List<Named> added = names.stream().map(Named::new).toList();
        added.forEach(table::add);
        return added;
    }

    private void requireExactly(List<Named> present, List<Named> gone) {
        assertThat(table.size()).isEqualTo(present.size());
        present.forEach(entry -> assertThat(table.find(entry.name())).isSameAs(entry));
        gone.forEach(entry -> assertThat(table.find(entry.name())).isNull());
    }

    private void addAndRemoveEverySecond(List<String> names) {
        List<Named> added = add(names);
        requireExactly(added, List.of());
        List<Named> kept = new ArrayList<>();
        List<Named> gone = new ArrayList<>();
        for (int i = 0; i < added.size(); i++) {
            (i % 2 == 0 ? kept : gone).add(added.get(i));
        }
        gone.forEach(table::remove);
        requireExactly(kept, gone);
    }

    @Test
    void findsWhatIsThereAndNothingElse() {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            names.add("host-" + i);
        }
        addAndRemoveEverySecond(names);
        assertThat(table.find("host")).isNull();
    }

    /** "Aa" and "BB" have one hash, and so has everything that is put together from as many of them. */
    @Test
    void namesThatWereChosenToHaveOneHashAreFoundAllTheSame() {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 256; i++) {
            var name = new StringBuilder();
            for (int bit = 0; bit < 8; bit++) {
                name.append((i >> bit & 1) == 0 ? "Aa" : "BB");
            }
            names.add(name.toString());
        }
        addAndRemoveEverySecond(names);
    }

    @Test
    void anEntryThatWasTakenOutCanComeBack() {
        Named one = add(List.of("one")).get(0);
        table.remove(one);
        table.add(one);
        requireExactly(List.of(one), List.of());
    }
}
