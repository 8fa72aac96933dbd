// Convolution over flat positions, forward and weight gradient. Included by loops_body.h only, once per instruction
// set, with vector_lanes, Vec, most_block and the block shapes of the weight gradient defined.

/// A vector of W floats in memory, of any alignment.
template <int W>
struct Wide {
  typedef float InMemory __attribute__((vector_size(4 * W), aligned(4), may_alias));
  typedef float Type __attribute__((vector_size(4 * W)));
  static Type load(const float* p) { return *reinterpret_cast<const InMemory*>(p); }
  static void store(float* p, Type v) { *reinterpret_cast<InMemory*>(p) = v; }
};

inline Vec load(const float* p) {
  return *reinterpret_cast<const VecU*>(p);
}
inline void store(float* p, Vec v) {
  *reinterpret_cast<VecU*>(p) = v;
}
inline Vec splat(float x) {
  return x - Vec{};
}

/// One tile: O output channels by V vectors of positions, all accumulators in registers.
template <int O, int V>
inline void conv_tile(const ConvBlock& b, std::int64_t position) {
  Vec acc[O][V];
  for (int o = 0; o < O; ++o)
    for (int v = 0; v < V; ++v) acc[o][v] = splat(b.bias ? b.bias[o] : 0.0F);
  const float* w = b.weights;
  const float* in = b.in + position;
  for (std::int64_t t = 0; t < b.taps; ++t, w += O) {
    const float* x = in + b.offsets[t];
    Vec xs[V];
    for (int v = 0; v < V; ++v) xs[v] = load(x + v * vector_lanes);
    for (int o = 0; o < O; ++o) {
      const Vec wo = splat(w[o]);
      for (int v = 0; v < V; ++v) acc[o][v] += wo * xs[v];
    }
  }
  for (int o = 0; o < O; ++o)
    for (int v = 0; v < V; ++v) store(b.out + o * b.out_stride + position + v * vector_lanes, acc[o][v]);
}

/// All positions: full tiles first, then narrower ones, so that little is computed beyond the last position.
template <int O, int V>
inline void conv_rows(const ConvBlock& b) {
  std::int64_t p = 0;
  for (; p + (V - 1) * vector_lanes < b.positions; p += V * vector_lanes) conv_tile<O, V>(b, p);
  if constexpr (V > 4) {
    for (; p + 3 * vector_lanes < b.positions; p += 4 * vector_lanes) conv_tile<O, 4>(b, p);
  }
  if constexpr (V > 2) {
    for (; p + vector_lanes < b.positions; p += 2 * vector_lanes) conv_tile<O, 2>(b, p);
  }
  for (; p < b.positions; p += vector_lanes) conv_tile<O, 1>(b, p);
}

void conv_block(const ConvBlock& b) {
  switch (b.block) {
    case 1:
      return conv_rows<1, vectors_1>(b);
    case 2:
      return conv_rows<2, vectors_2>(b);
    case 4:
      return conv_rows<4, vectors_4>(b);
    default:
      if constexpr (most_block >= 8) return conv_rows<8, vectors_8>(b);
  }
}

/// The sum of the lanes, halves added to halves.
template <class V>
inline float lane_sum(V v) {
  using Four = Wide<4>::Type;
  Four four;
  if constexpr (sizeof(V) == 64) {
    using Eight = Wide<8>::Type;
    const Eight eight = Eight(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7)) +
                        Eight(__builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15));
    four = Four(__builtin_shufflevector(eight, eight, 0, 1, 2, 3)) +
           Four(__builtin_shufflevector(eight, eight, 4, 5, 6, 7));
  } else if constexpr (sizeof(V) == 32) {
    four = Four(__builtin_shufflevector(v, v, 0, 1, 2, 3)) + Four(__builtin_shufflevector(v, v, 4, 5, 6, 7));
  } else {
    four = v;
  }
  return (four[0] + four[2]) + (four[1] + four[3]);
}

/// O channels by T taps over all rows.
template <int O, int T>
inline void weight_tile(const WeightGradient& g, std::int64_t channel, std::int64_t tap) {
  Vec acc[O][T];
  for (int o = 0; o < O; ++o)
    for (int t = 0; t < T; ++t) acc[o][t] = Vec{};
  for (std::int64_t r = 0; r < g.rows; ++r) {
    const float* dy = g.dy + r * g.dy_row_stride + channel * g.dy_channel_stride;
    const float* x[T];
    for (int t = 0; t < T; ++t) x[t] = g.in + r * g.in_row_stride + g.offsets[tap + t];
    for (std::int64_t p = 0; p < g.positions; p += vector_lanes) {
      Vec ds[O];
      for (int o = 0; o < O; ++o) ds[o] = load(dy + o * g.dy_channel_stride + p);
      for (int t = 0; t < T; ++t) {
        const Vec xt = load(x[t] + p);
        for (int o = 0; o < O; ++o) acc[o][t] += ds[o] * xt;
      }
    }
  }
  for (int o = 0; o < O; ++o)
    for (int t = 0; t < T; ++t) g.gradient[(channel + o) * g.taps + tap + t] += lane_sum(acc[o][t]);
}

template <int O>
inline void weight_taps(const WeightGradient& g, std::int64_t channel) {
  std::int64_t t = 0;
  for (; t + taps_per_tile <= g.taps; t += taps_per_tile) weight_tile<O, taps_per_tile>(g, channel, t);
  if constexpr (taps_per_tile > 3) {
    for (; t + 3 <= g.taps; t += 3) weight_tile<O, 3>(g, channel, t);
  }
  for (; t < g.taps; ++t) weight_tile<O, 1>(g, channel, t);
}

void weight_gradient(const WeightGradient& g) {
  std::int64_t c = 0;
  for (; c + 4 <= g.channels; c += 4) weight_taps<4>(g, c);
  for (; c + 2 <= g.channels; c += 2) weight_taps<2>(g, c);
  for (; c < g.channels; ++c) weight_taps<1>(g, c);
}

/// The columns [begin, end) of a plane that lie in the image.
inline void column_range(std::int64_t columns, std::int64_t width, std::int64_t step, std::int64_t first,
                         std::int64_t* begin, std::int64_t* end) {
  std::int64_t b = first >= 0 ? 0 : (-first + step - 1) / step;
  std::int64_t e = width - first <= 0 ? 0 : (width - first + step - 1) / step;
  if (b > columns) b = columns;
  if (e > columns) e = columns;
  if (e < b) e = b;
  *begin = b;
  *end = e;
}

template <Store How, class V>
inline V stored(V source, V former) {
  if constexpr (How == Store::add) return former + source;
  if constexpr (How == Store::overwrite_relu) return source < 0 ? V{} : source;
  return source;
}

/// n >= W elements in vectors; the last vector overlaps the one before it, so that nothing beyond n is read or written.
template <int W, Store How>
inline void put_vectors(float* dst, const float* src, std::int64_t n) {
  using V = Wide<W>;
  const auto last = stored<How>(V::load(src + n - W), How == Store::add ? V::load(dst + n - W) : typename V::Type{});
  for (std::int64_t c = 0; c + W <= n; c += W)
    V::store(dst + c, stored<How>(V::load(src + c), How == Store::add ? V::load(dst + c) : typename V::Type{}));
  V::store(dst + n - W, last);
}

/// dst[c] takes src[c].
template <Store How>
inline void put(float* dst, const float* src, std::int64_t n) {
  if (n >= vector_lanes) return put_vectors<vector_lanes, How>(dst, src, n);
  if constexpr (vector_lanes > 8) {
    if (n >= 8) return put_vectors<8, How>(dst, src, n);
  }
  if constexpr (vector_lanes > 4) {
    if (n >= 4) return put_vectors<4, How>(dst, src, n);
  }
  for (std::int64_t c = 0; c < n; ++c) {
    if constexpr (How == Store::add) {
      dst[c] += src[c];
    } else {
      dst[c] = How == Store::overwrite_relu && src[c] < 0 ? 0.0F : src[c];
    }
  }
}

/// Elements 0, 2, 4, ... of the 2 W - 1 floats at p.
template <int W>
inline typename Wide<W>::Type load_even(const float* p) {
  const auto low = Wide<W>::load(p);
  const auto high = Wide<W>::load(p + W - 1);
  if constexpr (W == 16) {
    return __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31);
  } else if constexpr (W == 8) {
    return __builtin_shufflevector(low, high, 0, 2, 4, 6, 9, 11, 13, 15);
  } else {
    return __builtin_shufflevector(low, high, 0, 2, 5, 7);
  }
}

template <int W>
inline void take_even_vectors(float* dst, const float* src, std::int64_t n) {
  for (std::int64_t c = 0; c + W <= n; c += W) Wide<W>::store(dst + c, load_even<W>(src + 2 * c));
  Wide<W>::store(dst + n - W, load_even<W>(src + 2 * (n - W)));
}

/// dst[c] = src[2 * c].
inline void take_even(float* dst, const float* src, std::int64_t n) {
  if (n >= vector_lanes) return take_even_vectors<vector_lanes>(dst, src, n);
  if constexpr (vector_lanes > 8) {
    if (n >= 8) return take_even_vectors<8>(dst, src, n);
  }
  if constexpr (vector_lanes > 4) {
    if (n >= 4) return take_even_vectors<4>(dst, src, n);
  }
  for (std::int64_t c = 0; c < n; ++c) dst[c] = src[2 * c];
}

void fill_plane(const FillPlane& f) {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  column_range(f.pitch, f.width, f.step_x, f.first_x, &begin, &end);
  for (std::int64_t l = 0; l < f.lines; ++l) {
    float* dst = f.dst + l * f.pitch;
    const std::int64_t y = l * f.step_y + f.first_y;
    const bool inside = y >= 0 && y < f.height;
    const std::int64_t before = inside ? begin : f.pitch;
    for (std::int64_t c = 0; c < before; ++c) dst[c] = f.fill;
    if (!inside) continue;
    const float* src = f.src + y * f.width + f.first_x;
    if (f.step_x == 1) {
      put<Store::overwrite>(dst + begin, src + begin, end - begin);
    } else if (f.step_x == 2) {
      take_even(dst + begin, src + 2 * begin, end - begin);
    } else {
      for (std::int64_t c = begin; c < end; ++c) dst[c] = src[f.step_x * c];
    }
    for (std::int64_t c = end; c < f.pitch; ++c) dst[c] = f.fill;
  }
  for (std::int64_t i = f.lines * f.pitch; i < f.plane; ++i) f.dst[i] = f.fill;
}

template <Store How>
inline void store_all(const StoreLines& s) {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  column_range(s.columns, s.width, s.step_x, s.first_x, &begin, &end);
  for (std::int64_t l = 0; l < s.lines; ++l) {
    const std::int64_t y = l * s.step_y + s.first_y;
    if (y < 0 || y >= s.height) continue;
    float* dst = s.dst + y * s.width + s.first_x;
    const float* src = s.src + l * s.pitch;
    if (s.step_x == 1) {
      put<How>(dst + begin, src + begin, end - begin);
    } else {
      for (std::int64_t c = begin; c < end; ++c) put<How>(dst + s.step_x * c, src + c, 1);
    }
  }
}

void store_lines(const StoreLines& s) {
  switch (s.store) {
    case Store::overwrite:
      return store_all<Store::overwrite>(s);
    case Store::add:
      return store_all<Store::add>(s);
    case Store::overwrite_relu:
      return store_all<Store::overwrite_relu>(s);
  }
}
