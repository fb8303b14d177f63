package io.vmha.gossip.serf;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.KeyResponse;
import io.vmha.gossip.wire.WireFormatException;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Counts the answers to a key query; done when everybody has answered or the time is over: keymanager.go, streamKeyResp. */
final class KeyTally implements QueryListener {
    private static final int KEYS_MAX = 1024;

    private final int nodes;
    private final Consumer<KeyResult> onDone;
    private final SortedMap<String, String> messages = new TreeMap<>();
    private final SortedMap<String, Integer> keys = new TreeMap<>();
    private final SortedMap<String, Integer> primaryKeys = new TreeMap<>();
    private int responses;
    private int errors;
    private boolean done;

    KeyTally(int nodes, Consumer<KeyResult> onDone) {
        this.nodes = nodes;
        this.onDone = onDone;
    }

    @Override
    public void onAck(String from) {
        // none is asked for
    }

    @Override
    public void onResponse(String from, Bytes payload) {
        if (done) {
            return;
        }
        responses++;
        try {
            KeyResponse response = KeyResponse.decode(payload);
            errors += response.success() ? 0 : 1;
            if (!response.message().isEmpty()) {
                messages.put(from, response.message());
            }
            response.keys().forEach(key -> count(keys, key));
            if (!response.primaryKey().isEmpty()) {
                count(primaryKeys, response.primaryKey());
            }
        } catch (WireFormatException damaged) {
            errors++;
            messages.put(from, String.valueOf(damaged.getMessage()));
        }
        if (responses == nodes) {
            onFinished();
        }
    }

    private static void count(SortedMap<String, Integer> counts, String key) {
        if (counts.size() < KEYS_MAX || counts.containsKey(key)) {
            counts.merge(key, 1, Integer::sum);
        }
    }

    @Override
    public void onFinished() {
        if (!done) {
            done = true;
            onDone.accept(new KeyResult(nodes, responses, errors, messages, keys, primaryKeys));
        }
    }
}
