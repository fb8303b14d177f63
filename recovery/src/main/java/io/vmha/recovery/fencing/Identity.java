package io.vmha.recovery.fencing;

import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How we know that a BMC is that of the host: by the 16 bytes of its GUID, or because a person said so.
 *
 * <p>A GUID is written as 32 hexadecimal digits or as a UUID, in the order in which the BMC sends its bytes: what
 * {@code ipmitool raw 0x06 0x37} prints. ({@code ipmitool mc guid} and dmidecode may show the same bytes in another order; makers do not
 * agree on one, so none is guessed.) From a Redfish BMC it is the UUID of its ComputerSystem.
 */
sealed interface Identity {
    Pattern BYTES = Pattern.compile("[0-9a-f]{32}");

    /** The BMC must answer with this GUID, as 32 lower-case hexadecimal digits. */
    record Guid(String hex) implements Identity {}

    /** The address alone is trusted; for agents that have no GUID to ask for. */
    record Trusted() implements Identity {}

    /** Empty if the text is neither {@code trusted} nor a GUID that tells machines apart. */
    static Optional<Identity> parse(String text) {
        if (text.equals("trusted")) {
            return Optional.of(new Trusted());
        }
        var hex = text.toLowerCase(Locale.ROOT).replaceAll("[-: ]", "");
        boolean isGuid = BYTES.matcher(hex).matches() && hex.chars().distinct().count() > 1;
        return isGuid ? Optional.of(new Guid(hex)) : Optional.empty();
    }

    /** The GUID in what {@code ipmitool raw} printed: sixteen bytes in hexadecimal, over one or two lines. */
    static Optional<String> guidIn(String output) {
        var hex = output.toLowerCase(Locale.ROOT).replaceAll("\\s", "");
        return BYTES.matcher(hex).matches()
                ? Optional.of(HexFormat.of().formatHex(HexFormat.of().parseHex(hex)))
                : Optional.empty();
    }
}
