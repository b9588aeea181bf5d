/* The input of a depthwise strip as words: four rows of one column and channel, or four columns of one row. */
#ifndef HELIUM_DEPTHWISE_WORDS_H
#define HELIUM_DEPTHWISE_WORDS_H

#include "depthwise_window.h"

#define STRIP_CHANNELS 16
#define FIFTH_ROW_COLUMNS 24 /* the last word reads three columns more */
#define COLUMN_BYTES 64      /* the words of a column: 16 channels */
#define ROWS_OF_WORD HELIUM_DEPTHWISE_WORD_ROWS

/* Where a strip's parts stand in the scratch. */
typedef struct {
    int8_t *outside;   /* 16 zero points */
    int8_t *words;     /* rows 0 ... 3: 36 columns (5 x 5: 20) x 16 channels x 4 rows; any window: of all its bands */
    int8_t *row_words; /* row 4, 5 x 5 only: 20 columns x 16 channels x 4 columns */
    int8_t *fifth_row; /* FIFTH_ROW_COLUMNS x 16 channels */
} strip_t;

static inline strip_t strip_in(int8_t *scratch) {
    int8_t *const words = scratch + STRIP_CHANNELS, *const row_words = words + 20 * COLUMN_BYTES;
    return (strip_t){scratch, words, row_words, row_words + 20 * COLUMN_BYTES};
}

/* The columns of a strip: `before` lie left of the image, `inside` in it, the rest right of it. */
typedef struct {
    int32_t first; /* column of the input, may be negative */
    int32_t before;
    int32_t inside;
    int32_t count;
} columns_t;

static inline columns_t columns_of(int32_t input_width, int32_t first, int32_t count) {
    const int32_t before = first < 0 ? (-first < count ? -first : count) : 0;
    const int32_t room = input_width - first - before, left = count - before;
    return (columns_t){first, before, room < 0 ? 0 : room < left ? room : left, count};
}

/* The channels a strip is made of. */
typedef struct {
    int32_t channels; /* of the input */
    int32_t channel;  /* the strip's first */
    int32_t zero_point;
} source_t;

/* A row from the strip's first column inside the image on, with the bytes to its next column. */
typedef struct {
    const int8_t *at;
    int32_t step;
} row_t;

static inline row_t row_of(const source_t *source, const strip_t *strip, const int8_t *row, const columns_t *columns) {
    if (row == NULL) {
        return (row_t){strip->outside, 0};
    }
    return (row_t){row + (columns->first + columns->before) * source->channels + source->channel, source->channels};
}

static inline int8_t *fill(int8_t *to, int32_t vectors, int32_t zero_point) {
    const int8x16_t values = vdupq_n_s8((int8_t)zero_point);
    for (; vectors > 0; vectors--) {
        vstrbq_s8(to, values);
        to += STRIP_CHANNELS;
    }
    return to;
}

/* Words of `inside` columns. active: the channels that exist; partial: not all 16 do. rows: 3 (the fourth byte of a
 * word is anything) or 4. */
ALWAYS_INLINE int8_t *words_inside(int8_t *to, const row_t from[], int32_t inside, int rows, mve_pred16_t active,
                                   int partial) {
    const int8_t *r0 = from[0].at, *r1 = from[1].at, *r2 = from[2].at, *r3 = from[3].at;
    const int32_t s0 = from[0].step, s1 = from[1].step, s2 = from[2].step, s3 = from[3].step;
    for (; inside > 0; inside--) {
        int8x16x4_t word;
        word.val[0] = partial ? vldrbq_z_s8(r0, active) : vldrbq_s8(r0);
        word.val[1] = partial ? vldrbq_z_s8(r1, active) : vldrbq_s8(r1);
        word.val[2] = partial ? vldrbq_z_s8(r2, active) : vldrbq_s8(r2);
        word.val[3] = rows == 3 ? word.val[2] : partial ? vldrbq_z_s8(r3, active) : vldrbq_s8(r3);
        vst4q_s8(to, word);
        to += COLUMN_BYTES;
        r0 += s0, r1 += s1, r2 += s2, r3 += s3;
    }
    return to;
}

/* Words of rows 0 ... 3, of which `used` are read at all. */
static __attribute__((noinline)) void make_words(const source_t *source, const strip_t *strip,
                                                 const int8_t *const rows[], int32_t used, const columns_t *columns) {
    const mve_pred16_t active = vctp8q((uint32_t)(source->channels - source->channel));
    const int partial = source->channels - source->channel < STRIP_CHANNELS;
    row_t from[ROWS_OF_WORD];
    for (int32_t k = 0; k < ROWS_OF_WORD; k++) {
        from[k] = row_of(source, strip, k < used ? rows[k] : NULL, columns);
    }
    int8_t *to = fill(strip->words, columns->before * ROWS_OF_WORD, source->zero_point);
    if (partial) {
        to = words_inside(to, from, columns->inside, 4, active, 1);
    } else if (used <= 3) {
        to = words_inside(to, from, columns->inside, 3, active, 0);
    } else {
        to = words_inside(to, from, columns->inside, 4, active, 0);
    }
    fill(to, (columns->count - columns->before - columns->inside) * ROWS_OF_WORD, source->zero_point);
}

/* Words of row 4: each holds four columns, so that neighbours overlap. */
static __attribute__((noinline)) void make_row_words(const source_t *source, const strip_t *strip, const int8_t *row,
                                                     const columns_t *columns) {
    const mve_pred16_t active = vctp8q((uint32_t)(source->channels - source->channel));
    row_t from = row_of(source, strip, row, columns);
    int8_t *to = fill(strip->fifth_row, columns->before, source->zero_point);
    for (int32_t x = columns->inside; x > 0; x--) {
        vstrbq_s8(to, vldrbq_z_s8(from.at, active));
        from.at += from.step;
        to += STRIP_CHANNELS;
    }
    fill(to, FIFTH_ROW_COLUMNS - columns->before - columns->inside, source->zero_point);
    const int8_t *four = strip->fifth_row;
    to = strip->row_words;
    for (int32_t x = columns->count; x > 0; x--) {
        const int8x16x4_t word = {{vldrbq_s8(four), vldrbq_s8(four + STRIP_CHANNELS),
                                   vldrbq_s8(four + 2 * STRIP_CHANNELS), vldrbq_s8(four + 3 * STRIP_CHANNELS)}};
        vst4q_s8(to, word);
        four += STRIP_CHANNELS;
        to += COLUMN_BYTES;
    }
}

#endif
