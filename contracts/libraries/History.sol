// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Checkpoints before the newest, two in a word: `value` 63 bits and `time` 40 at bit 0, and again at bit 128.
/// @dev Times are strictly ascending and above zero, so a half that is zero is not there. How many there are is kept by
/// the owner of the history.
library History {
    uint256 private constant _VALUE = (1 << 63) - 1;
    uint256 private constant _HALF = (1 << 128) - 1;
    uint256 private constant _TIME_AT = 63;
    uint256 private constant _SECOND_AT = 128;

    /// @notice Adds the checkpoint after `count` others.
    function push(mapping(uint256 word => uint256) storage words, uint256 count, uint256 time, uint256 value) internal {
        uint256 half = time << _TIME_AT | value;
        if (count & 1 == 0) words[count >> 1] = half;
        else words[count >> 1] |= half << _SECOND_AT;
    }

    /// @notice The checkpoint after `position` others.
    function get(mapping(uint256 word => uint256) storage words, uint256 position)
        internal
        view
        returns (uint256 time, uint256 value)
    {
        uint256 half = position & 1 == 0 ? words[position >> 1] & _HALF : words[position >> 1] >> _SECOND_AT;
        return (half >> _TIME_AT, half & _VALUE);
    }

    /// @notice The value of the last of `count` checkpoints at or before `time`; 0 if all are later.
    /// @dev Steps of doubling size back from the end, where most questions are answered, then halves the last step.
    function lookup(mapping(uint256 word => uint256) storage words, uint256 count, uint256 time)
        internal
        view
        returns (uint256)
    {
        unchecked {
            uint256 high = (count + 1) >> 1; // words before this one may begin at or before `time`
            uint256 low = 0; // words before this one do
            for (uint256 step = 1; low < high; step <<= 1) {
                uint256 probe = high > step ? high - step : 0;
                if (_begins(words[probe], time)) {
                    low = probe + 1;
                    break;
                }
                high = probe;
            }
            while (low < high) {
                uint256 middle = (low + high) >> 1;
                if (_begins(words[middle], time)) low = middle + 1;
                else high = middle;
            }
            if (low == 0) return 0;
            uint256 word = words[low - 1];
            uint256 second = word >> _SECOND_AT;
            if (second != 0 && second >> _TIME_AT <= time) return second & _VALUE;
            return word & _VALUE;
        }
    }

    function _begins(uint256 word, uint256 time) private pure returns (bool) {
        return (word & _HALF) >> _TIME_AT <= time;
    }
}
