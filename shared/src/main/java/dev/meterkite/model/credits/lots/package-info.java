/** Lots of credits by expiry, and the holds that pin them. */
@NullMarked
package dev.meterkite.model.credits.lots;

import org.jspecify.annotations.NullMarked;
