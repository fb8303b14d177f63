package io.vmha.gossip.netty;

import io.vmha.gossip.wire.Tags;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** What our member tells about itself: the agent's owner has the first word, operators may add to it. */
final class OwnTags {
    private final List<String> reserved;
    private SortedMap<String, String> ofOwner;
    private SortedMap<String, String> ofOperators = new TreeMap<>();

    OwnTags(SortedMap<String, String> ofOwner, List<String> reserved) {
        this.ofOwner = ofOwner;
        this.reserved = reserved;
    }

    void setByOwner(SortedMap<String, String> tags) {
        ofOwner = tags;
    }

    /** Changes what operators added. */
    void change(SortedMap<String, String> set, List<String> removed) {
        set.forEach((tag, value) -> requireFree(tag));
        removed.forEach(this::requireFree);
        SortedMap<String, String> changed = new TreeMap<>(ofOperators);
        removed.forEach(tag -> changed.remove(tag));
        changed.putAll(set);
        Tags.encode(union(changed)); // refuses what does not fit
        ofOperators = changed;
    }

    private void requireFree(String tag) {
        if (ofOwner.containsKey(tag) || reserved.contains(tag)) {
            throw new IllegalArgumentException(
                    "tag " + tag + " is set by the agent itself; change it in the agent's configuration, if at all");
        }
    }

    private SortedMap<String, String> union(SortedMap<String, String> added) {
        SortedMap<String, String> all = new TreeMap<>(added);
        all.putAll(ofOwner);
        return all;
    }

    /** All of them; the owner's alone if both together have become too long. */
    SortedMap<String, String> published() {
        SortedMap<String, String> all = union(ofOperators);
        return Tags.fits(all) ? all : ofOwner;
    }
}
