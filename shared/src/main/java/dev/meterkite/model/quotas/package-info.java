/** Token and request quotas of models. */
@NullMarked
package dev.meterkite.model.quotas;

import org.jspecify.annotations.NullMarked;
