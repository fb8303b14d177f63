package io.vmha.gossip.serf;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.ConflictResponse;
import io.vmha.gossip.wire.KeyRequest;
import io.vmha.gossip.wire.KeyResponse;
import io.vmha.gossip.wire.Keyring;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.WireFormatException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * Answers the questions that Serf asks itself: internal_query.go. Names that are not known are not answered; {@code _serf_ping} wants
 * an acknowledgement only, which every query gets.
 */
final class InternalQueries {
    static final String INSTALL_KEY = Queries.INTERNAL_PREFIX + "install-key";
    static final String USE_KEY = Queries.INTERNAL_PREFIX + "use-key";
    static final String REMOVE_KEY = Queries.INTERNAL_PREFIX + "remove-key";
    static final String LIST_KEYS = Queries.INTERNAL_PREFIX + "list-keys";
    static final String CONFLICT = Queries.INTERNAL_PREFIX + "conflict";

    /** What a query response needs beyond its payload: the longest name, and five fields. */
    private static final int WRAPPING_BYTES = 320;

    private final String name;
    private final Members members;
    private final SerfListener listener;
    private Keyring keyring;

    InternalQueries(String name, Members members, Keyring keyring, SerfListener listener) {
        this.name = name;
        this.members = members;
        this.keyring = keyring;
        this.listener = listener;
    }

    Optional<Bytes> answer(String query, Bytes payload) {
        return switch (query) {
            case INSTALL_KEY -> Optional.of(change(payload, key -> keyring.with(key)));
            case USE_KEY -> Optional.of(change(payload, key -> keyring.withPrimary(key)));
            case REMOVE_KEY -> Optional.of(change(payload, key -> keyring.without(key)));
            case LIST_KEYS -> Optional.of(list());
            case CONFLICT -> conflict(payload.lenientText());
            default -> Optional.empty();
        };
    }

    private interface Change {
        Keyring apply(Bytes key);
    }

    private Bytes change(Bytes payload, Change change) {
        if (keyring.isEmpty()) {
            return KeyResponse.refused("No keyring to modify (encryption not enabled)")
                    .encode();
        }
        try {
            Keyring changed = change.apply(KeyRequest.decode(payload).key());
            if (!changed.keys().equals(keyring.keys())) {
                keyring = changed;
                listener.onKeyringChanged(changed);
            }
            return KeyResponse.done().encode();
        } catch (IllegalArgumentException | WireFormatException refused) {
            return KeyResponse.refused(String.valueOf(refused.getMessage())).encode();
        }
    }

    private Bytes list() {
        if (keyring.isEmpty()) {
            return KeyResponse.refused("Keyring is empty (encryption not enabled)")
                    .encode();
        }
        List<String> keys = keyring.keys().stream()
                .map(key -> Base64.getEncoder().encodeToString(key.toArray()))
                .toList();
        Bytes all = new KeyResponse(true, "", keys, keys.get(0)).encode();
        for (int shown = keys.size() - 1; shown > 0 && all.length() > Queries.BYTES_MAX - WRAPPING_BYTES; shown--) {
            String message = "truncated key list response, showing first " + shown + " of " + keys.size() + " keys";
            all = new KeyResponse(true, message, keys.subList(0, shown), keys.get(0)).encode();
        }
        return all;
    }

    /** Whoever is in a conflict does not judge it. */
    private Optional<Bytes> conflict(String contested) {
        if (contested.equals(name)) {
            return Optional.empty();
        }
        return Optional.of(members.find(contested)
                .map(member -> new ConflictResponse(
                                contested,
                                NodeAddress.of(member.node().address()),
                                member.view().tags(),
                                member.status().code(),
                                member.node().vsn())
                        .encode())
                .orElseGet(ConflictResponse::unknown));
    }
}
